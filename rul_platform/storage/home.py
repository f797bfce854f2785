"""The home folder: one place that knows where everything of an installation lives.

plants/     plant files, and the data that came with the examples
store/      artifacts, content-addressed
cache/      downloaded archives
dagster/    the embedded Dagster instance
rul.db      the platform's tables, unless RUL_DATABASE_URL points elsewhere
"""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from rul_platform.settings import Settings
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.cmapss_source import CmapssSource
from rul_platform.storage.database import connect, migrate
from rul_platform.storage.lineage import LineageStore
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.predictions import PredictionLog

Progress = Callable[..., None]
"""Told how far long work has come, as (done, total or None, …)."""


class Home:
    """Everything that outlives a process; each part is opened when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.progress: Progress | None = None

    @property
    def plants(self) -> Path:
        """Folder of the plant files."""
        return self.settings.home / "plants"

    def plant_file(self, name: str) -> Path:
        """The plant file of ``name``."""
        return self.plants / f"{name}.toml"

    @property
    def dagster(self) -> Path:
        """Folder of the embedded Dagster instance."""
        return self.settings.home / "dagster"

    @cached_property
    def engine(self) -> sa.Engine:
        """The platform's database, migrated to this version."""
        engine = connect(self.settings.database_url)
        migrate(engine)
        return engine

    @cached_property
    def store(self) -> ArtifactStore:
        """The artifacts."""
        return ArtifactStore(self.settings.home / "store")

    @cached_property
    def lineage(self) -> LineageStore:
        """What was made from what."""
        return LineageStore(self.engine)

    @cached_property
    def registry(self) -> ModelRegistry:
        """Model versions and deployments."""
        return ModelRegistry(self.engine)

    @cached_property
    def predictions(self) -> PredictionLog:
        """What was answered, by which version."""
        return PredictionLog(self.engine)

    @cached_property
    def cmapss(self) -> CmapssSource:
        """Where NASA's files come from."""
        return CmapssSource(
            given=self.settings.cmapss,
            cache=self.settings.home / "cache",
            url=self.settings.cmapss_url,
        )
