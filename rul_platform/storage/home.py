"""The home folder: one place that knows where everything of an installation lives.

plants/     plant files, and the data that came with the examples
store/      artifacts, content-addressed
cache/      downloaded archives
dagster/    the embedded Dagster instance
reports/    the newest report of each plant, for people
rul.db      the platform's tables, unless RUL_DATABASE_URL points elsewhere
"""

import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from rul_platform.core.plant import NAME_PATTERN, NAME_RULE
from rul_platform.errors import PlantNameError, SettingsError
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

    @cached_property
    def folder(self) -> Path:
        """The home folder itself: made where it is missing, and proven to take files.

        Raises:
            SettingsError: It cannot be made, or nothing can be written in it.
        """
        folder = self.settings.home
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError as error:
            expected = (
                f"a folder that can be made and written in, and here the system says: "
                f"{error.strerror}. Choose another folder, or make this one writable"
            )
            raise SettingsError("RUL_HOME", found=str(folder), expected=expected) from error

    @property
    def plants(self) -> Path:
        """Folder of the plant files."""
        return self.settings.home / "plants"

    def plant_file(self, name: str) -> Path:
        """The plant file of ``name``.

        Raises:
            PlantNameError: No plant can be called so.
        """
        return self.plants / f"{_checked(name)}.toml"

    def report_file(self, name: str) -> Path:
        """Where people find the newest report of plant ``name``.

        Raises:
            PlantNameError: No plant can be called so.
        """
        return self.settings.home / "reports" / f"{_checked(name)}.html"

    @property
    def dagster(self) -> Path:
        """Folder of the embedded Dagster instance."""
        return self.folder / "dagster"

    @cached_property
    def engine(self) -> sa.Engine:
        """The platform's database, migrated to this version."""
        in_home = sa.URL.create("sqlite", database=str(self.folder / "rul.db"))
        engine = connect(self.settings.database_url or in_home)
        migrate(engine)
        return engine

    @cached_property
    def store(self) -> ArtifactStore:
        """The artifacts."""
        return ArtifactStore(self.folder / "store")

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
            cache=self.folder / "cache",
            url=self.settings.cmapss_url,
        )


def _checked(name: str) -> str:
    """A name that stays a name when it is put into a path."""
    if NAME_PATTERN.fullmatch(name) is None:
        raise PlantNameError(name, rule=NAME_RULE)
    return name
