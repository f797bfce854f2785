"""The home folder: one place that knows where everything of an installation lives.

plants/            plant files, and the data that came with the examples
store/             artifacts, content-addressed, unless RUL_STORE points elsewhere
cache/             downloaded archives, and copies of artifacts' files that lie elsewhere
dagster/           the embedded Dagster instance
reports/           the newest report of each plant, for people
keys/              the keys of people's pseudonyms and those that sign, unless RUL_KEYS points elsewhere,
                   or RUL_SIGNING_KEY
anchors.jsonl      signatures over the ledger's rows, also kept in the tables
watch/             what was found when drift was last looked for, a small file for each plant
mlflow.json        how far MLflow was told, where there is one
training/          live figures of trainings, where they are asked for
builds/            how far long work on data has come, until it is done
studies/           how far searches and methods have come, and their locks
transfer_studies/  finished draws of studies that are under way
studies.db         trials of searches, unless RUL_DATABASE_URL points elsewhere
rul.db             the platform's tables, likewise
"""

import json
import logging
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from rul_platform.core.plant import NAME_PATTERN, NAME_RULE
from rul_platform.core.policy import Configured, configure
from rul_platform.errors import (
    ConfigError,
    KeyFileError,
    PlantNameError,
    RulPlatformError,
    SettingsError,
)
from rul_platform.settings import Settings
from rul_platform.storage.access_tokens import AccessTokenStore
from rul_platform.storage.alerts import AlertOutbox
from rul_platform.storage.anchoring import anchor_newest
from rul_platform.storage.anchors import AnchorStore
from rul_platform.storage.answered_requests import AnsweredRequests
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.backups import RESTORING
from rul_platform.storage.blobs import Blobs
from rul_platform.storage.buckets import Bucket
from rul_platform.storage.builds import Build, build
from rul_platform.storage.cmapss_source import CmapssSource
from rul_platform.storage.database import connect, migrate
from rul_platform.storage.ended_sessions import EndedSessions
from rul_platform.storage.feedback import FeedbackStore
from rul_platform.storage.file_cache import FileCache
from rul_platform.storage.folder_blobs import FolderBlobs
from rul_platform.storage.freezes import FreezeStore
from rul_platform.storage.gates import GateStore
from rul_platform.storage.health import HealthQuestions
from rul_platform.storage.landing import LandingStore
from rul_platform.storage.ledger import LedgerStore, tell_of_rows
from rul_platform.storage.lineage import LineageStore
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.object_blobs import ObjectBlobs
from rul_platform.storage.outcomes import OutcomeStore
from rul_platform.storage.parents import ParentStore
from rul_platform.storage.people import Pseudonyms
from rul_platform.storage.predictions import PredictionLog
from rul_platform.storage.provenance import ProvenanceStore
from rul_platform.storage.retrains import RetrainStore
from rul_platform.storage.signing_keys import SigningKeys
from rul_platform.storage.snapshots import SnapshotStore

BYTES_IN_MB = 2**20

_LOG = logging.getLogger(__name__)

Progress = Callable[..., None]
"""Told how far long work has come, as (done, total or None, …)."""


Clock = Callable[[], datetime]
"""Says what time it is, in UTC."""


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def open_database(settings: Settings) -> sa.Engine:
    """The platform's database as it is, with tables of whichever version, or none.

    Raises:
        SettingsError: ``RUL_DATABASE_URL`` is no URL of a database that we know.
    """
    in_home = sa.URL.create("sqlite", database=str(settings.home / "rul.db"))
    return connect(settings.database_url or in_home, settings.pool)


class Home:
    """Everything that outlives a process; each part is opened when it is first asked for.

    Attributes:
        settings: Where things live.
        now: The clock that everything in this home goes by.
        stopwatch: Seconds since whenever, for measuring how long work takes: never set back.
        progress: Told how far long work has come, while there is some.
    """

    def __init__(self, settings: Settings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.now = clock
        self.stopwatch: Callable[[], float] = time.monotonic
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
            if (folder / RESTORING).exists():
                expected = (
                    "a whole one: a restore into it was interrupted; empty it, and restore again"
                )
                raise SettingsError("RUL_HOME", found=str(folder), expected=expected)
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

    def watch_file(self, name: str) -> Path:
        """What was found when plant ``name`` was last looked at for drift.

        Raises:
            PlantNameError: No plant can be called so.
        """
        return self.settings.home / "watch" / f"{_checked(name)}.json"

    def build(
        self, asset: str, plant: str, what: Mapping[str, Any]
    ) -> AbstractContextManager[Build]:
        """Begin long work on a plant's data, or go on with it; see :func:`~storage.builds.build`.

        Raises:
            PlantNameError: No plant can be called so.
        """
        return build(self.folder / "builds" / asset / _checked(plant), what)

    @property
    def dagster(self) -> Path:
        """Folder of the embedded Dagster instance."""
        return self.folder / "dagster"

    def configured(self, plant: str, flags: Mapping[str, object] | None = None) -> Configured:
        """A plant's retraining settings: defaults < JSON file < environment < ``flags``.

        Raises:
            ConfigError: The file cannot be read, or a setting is unknown, of the wrong type or out of
                range.
        """
        file = _json(self.settings.retrain_config or self.settings.home / "retrain.json")
        environ = self.settings.retrain_environ
        return configure(plant, file=file, environ=environ, flags=flags or {})

    @cached_property
    def engine(self) -> sa.Engine:
        """The platform's database, migrated to this version."""
        if self.settings.database_url is None:
            _ = self.folder  # proven to take files
        engine = open_database(self.settings)
        migrate(engine)
        myself = weakref.ref(self)  # the engine must not keep its home alive

        def anchor() -> None:
            if (home := myself()) is not None:
                home.anchor()

        tell_of_rows(engine, anchor)
        return engine

    @cached_property
    def store(self) -> ArtifactStore:
        """The artifacts."""
        return ArtifactStore(self.blobs(self.settings.store))

    def blobs(self, url: str | None) -> Blobs:
        """The bytes of artifacts: in a bucket, or with None in the home folder."""
        if url is None:
            return FolderBlobs(self.folder / "store")
        cache = FileCache(
            self.folder / "cache" / "artifacts",
            limit_bytes=self.settings.store_cache_mb * BYTES_IN_MB,
        )
        return ObjectBlobs(Bucket(url, endpoint=self.settings.store_endpoint), cache)

    @cached_property
    def lineage(self) -> LineageStore:
        """What was made from what."""
        return LineageStore(self.engine)

    @cached_property
    def registry(self) -> ModelRegistry:
        """Model versions and deployments."""
        return ModelRegistry(self.engine, find=self.store.artifact)

    @cached_property
    def predictions(self) -> PredictionLog:
        """What was answered, by which version."""
        return PredictionLog(self.engine)

    @cached_property
    def landing(self) -> LandingStore:
        """Readings that came with predictions."""
        return LandingStore(self.engine, self.store)

    @cached_property
    def gates(self) -> GateStore:
        """What the gate said, and what a person approved."""
        return GateStore(self.engine)

    @cached_property
    def freezes(self) -> FreezeStore:
        """Plants whose model may not change for a while."""
        return FreezeStore(self.engine)

    @cached_property
    def health(self) -> HealthQuestions:
        """How models do at work."""
        return HealthQuestions(self.engine)

    @cached_property
    def ledger(self) -> LedgerStore:
        """What was decided, in a chain of hashes."""
        return LedgerStore(self.engine)

    @cached_property
    def anchors(self) -> AnchorStore:
        """Signatures over the ledger's rows."""
        return AnchorStore(self.engine, self.folder / "anchors.jsonl")

    @cached_property
    def signing(self) -> SigningKeys:
        """Keys that sign and check.

        Raises:
            KeyFileError: There are keys in two places: some would be missed.
        """
        folder, file = self._keys, self.settings.signing_key
        if not self.settings.is_signer:
            return SigningKeys(folder, None)
        return SigningKeys.beside(folder) if file is None else SigningKeys.apart(folder, file)

    @cached_property
    def provenance(self) -> ProvenanceStore:
        """Signed statements of how versions were made."""
        return ProvenanceStore(self.engine)

    @cached_property
    def parents(self) -> ParentStore:
        """Checkpoints imported under a name, and which one plants start from."""
        return ParentStore(self.engine)

    @cached_property
    def feedback(self) -> FeedbackStore:
        """What people said about predictions."""
        return FeedbackStore(self.engine)

    @cached_property
    def outcomes(self) -> OutcomeStore:
        """What became of units."""
        return OutcomeStore(self.engine)

    @cached_property
    def retrains(self) -> RetrainStore:
        """Retrainings that were asked for."""
        return RetrainStore(self.engine)

    @cached_property
    def snapshots(self) -> SnapshotStore:
        """Retraining settings as they were."""
        return SnapshotStore(self.engine)

    @cached_property
    def alerts(self) -> AlertOutbox:
        """What people must hear of."""
        return AlertOutbox(self.engine)

    @cached_property
    def tokens(self) -> AccessTokenStore:
        """Who may ask the service."""
        return AccessTokenStore(self.engine)

    @cached_property
    def ended_sessions(self) -> EndedSessions:
        """Browsers that signed out."""
        return EndedSessions(self.engine)

    @cached_property
    def answered(self) -> AnsweredRequests:
        """Answers that were given under a caller's key."""
        return AnsweredRequests(self.engine)

    @cached_property
    def people(self) -> Pseudonyms:
        """Names to pseudonyms."""
        return Pseudonyms(self._keys)

    @property
    def _keys(self) -> Path:
        """The one folder of keys.

        Raises:
            KeyFileError: There are keys in both places where they can be: some would be missed.
        """
        elsewhere = self.settings.keys
        if elsewhere is None:
            return self.folder / "keys"
        own = (
            self.settings.home / "keys"
        )  # only looked at: who needs keys alone may have no home folder
        if own != elsewhere and any(own.glob("*.key")):
            raise KeyFileError(
                str(own),
                found="a folder with keys",
                expected=f"empty, since RUL_KEYS says that keys are in {elsewhere}",
                remedy=f"stop what runs and move them, once: mv -T {own} {elsewhere}",
            )
        return elsewhere

    def anchor(self) -> None:
        """Sign the ledger's newest row, after the commit that brought it.

        What fails here must not make what is committed look undone: it is logged, the next row's anchor
        covers this one too, and `rul audit verify` names rows that none covers.
        """
        try:
            anchor_newest(self.ledger, self.anchors, self.signing, self.now())
        except (OSError, RulPlatformError, SQLAlchemyError) as error:
            _LOG.warning("The ledger's newest row could not be anchored: %s", error)

    @cached_property
    def cmapss(self) -> CmapssSource:
        """Where NASA's files come from."""
        return CmapssSource(
            given=self.settings.cmapss,
            cache=self.folder / "cache",
            url=self.settings.cmapss_url,
        )


def _json(path: Path) -> object:
    """What a JSON file holds; None where there is no file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        # by its name alone: pages show this, and where files lie is nobody's business there
        why = error.strerror if isinstance(error, OSError) else error
        found = f"{path.name} cannot be read as JSON: {why}. Correct it, or take it away"
        raise ConfigError([found]) from error


def _checked(name: str) -> str:
    """A name that stays a name when it is put into a path."""
    if NAME_PATTERN.fullmatch(name) is None:
        raise PlantNameError(name, rule=NAME_RULE)
    return name
