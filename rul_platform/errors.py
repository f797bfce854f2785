"""Every error this platform raises on purpose.

    RulPlatformError
    ├── SettingsError               a setting is absent, of the wrong type or out of range
    ├── DataError                   the bytes or rows are not what the format promises
    │   ├── DataNotFoundError       no way to get the data worked
    │   ├── DownloadError           the archive's server did not give the whole file
    │   ├── ArchiveError            a zip is cut off, damaged or lacks a member
    │   ├── WrongHashError          a file is not the published one
    │   ├── MalformedRowError       one row breaks the format: file, line, column
    │   ├── PlantFileError          a plant file, with all its problems
    │   ├── PlantNameError          no plant can be called so
    │   ├── ExpressionError         a threshold expression is not understood, or cannot be computed
    │   └── TooFewUnitsError        too few machines to learn from
    ├── StoreError                  the artifact store cannot keep its promise
    │   ├── MissingArtifactError    nothing is stored under this sha256
    │   ├── MissingFileError        an artifact has no file of this name
    │   ├── FileNamesError          files cannot be stored under the names they were given
    │   ├── CorruptArtifactError    the bytes no longer have the hash that they are named by
    │   └── StoreFullError          the disk refused a write; nothing of it was registered
    ├── DatabaseError               the platform's tables cannot do what was asked
    │   ├── DatabaseUnreachableError  the server or the file does not answer
    │   ├── DatabaseVersionError    the tables were made by a newer version of the platform
    │   ├── RecordError             a record holds what no table can keep
    │   └── UnknownPredictionError  no prediction has this id
    ├── LineageError                two artifacts do not belong together
    │   ├── NotMaterializedError    an upstream asset has not been made yet
    │   ├── CheckpointError         a checkpoint is not in the documented format, or of another network
    │   ├── LeakError               the same machine would be learned from and tested on
    │   ├── CheckFailedError        a blocking check failed
    │   └── OrphanedRunError        a step of a run that is over tried to publish
    ├── DeploymentError             a model may not go into service
    │   ├── GateRefusedError        the promotion gate said no
    │   ├── ChampionChangedError    another deployment came in between
    │   ├── UnknownVersionError     this plant has no version of this number
    │   ├── VersionStateError       a version in this state may not serve
    │   ├── DeploymentTimeError     it would begin before the one that it follows
    │   └── NoChampionError         this plant has no model in charge
    ├── EvaluationError             truth and predictions cannot be compared
    └── ReadingsError               readings given for a prediction cannot be used

A message says what was found, what was expected and what to do. Where several things are wrong, it
lists all of them.
"""

from collections.abc import Iterable, Mapping


class RulPlatformError(Exception):
    """Root of the tree: catch this at a door to turn a refusal into one clear message."""


class SettingsError(RulPlatformError):
    """A setting is absent, of the wrong type or out of range."""

    def __init__(self, key: str, *, found: str, expected: str) -> None:
        self.key, self.found, self.expected = key, found, expected
        super().__init__(f"{key} is {found!r}, but must be {expected}.")


class DataError(RulPlatformError):
    """The bytes or rows are not what the format promises."""


class DataNotFoundError(DataError):
    """No way to get the data worked."""


class DownloadError(DataError):
    """The archive's server did not give the whole file."""


class ArchiveError(DataError):
    """A zip is cut off, damaged or lacks a member."""

    def __init__(self, archive: str, problem: str) -> None:
        self.archive, self.problem = archive, problem
        super().__init__(
            f"{archive}: {problem}. Is the copy complete? Fetch it again; nothing of it was stored."
        )


class WrongHashError(DataError):
    """A file is not the published one."""

    def __init__(self, path: str, *, found: str, expected: str) -> None:
        self.path, self.found, self.expected = path, found, expected
        super().__init__(
            f"{path}: sha256 is {found}, the published file has {expected}, and the two differ in "
            f"content, not only in line ends. Fetch the published file. If another data set is meant: "
            f"`rul data fetch --accept-other-data` looks at it, and raw_cmapss takes it with "
            f"accept_other_data in the launchpad (rul ui). Nothing of it was stored."
        )


class MalformedRowError(DataError):
    """One row of a file does not have the shape that the format promises."""

    def __init__(
        self, path: str, *, line: int, column: str | None, found: str, expected: str
    ) -> None:
        self.path, self.line, self.column = path, line, column
        self.found, self.expected = found, expected
        where = f"{path}, line {line}" + (f", column {column}" if column else "")
        super().__init__(
            f"{where}: found {found} where {expected} is expected. Is the file cut off, or of "
            f"another data set? Nothing of it was stored."
        )


class PlantFileError(DataError):
    """A plant file, or what it points to, is wrong; lists every problem at once."""

    SHOWN = 20
    """The message shows this many and counts the rest; ``problems`` holds all."""

    def __init__(self, path: str, problems: Iterable[str]) -> None:
        self.path, self.problems = path, tuple(problems)
        count = len(self.problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems[: self.SHOWN])
        rest = f"\n  … and {count - self.SHOWN} more" if count > self.SHOWN else ""
        super().__init__(
            f"{path}: {count} problem{'s' if count != 1 else ''}; nothing was stored.{lines}{rest}"
        )


class PlantNameError(DataError):
    """No plant can be called so: the name becomes a partition and part of paths."""

    def __init__(self, name: str, *, rule: str) -> None:
        self.name, self.rule = name, rule
        super().__init__(
            f"{name!r} cannot be a plant's name, which is {rule}. `rul plant list` shows the plants."
        )


class ExpressionError(DataError):
    """A threshold expression is not understood, or cannot be computed."""

    def __init__(self, expression: str, *, position: int | None, problem: str) -> None:
        self.expression, self.position, self.problem = expression, position, problem
        where = "" if position is None else f", position {position}"
        super().__init__(f"{expression!r}{where}: {problem}")


class TooFewUnitsError(DataError):
    """Too few machines to learn from, or too few of them failed."""

    def __init__(self, source: str, *, found: int, needed: int, what: str) -> None:
        self.source, self.found, self.needed = source, found, needed
        super().__init__(
            f"{source}: {found} {what}, at least {needed} needed. Add run-to-failure histories of "
            f"more machines, or check what the plant file says a failure is."
        )


class StoreError(RulPlatformError):
    """The artifact store cannot keep its promise."""


class MissingArtifactError(StoreError):
    """Nothing is stored under this sha256."""

    def __init__(self, sha256: str, *, store: str) -> None:
        self.sha256, self.store = sha256, store
        super().__init__(
            f"No artifact {sha256} in {store}. Was the store moved or cleaned? Restore it from a "
            f"backup, or materialise the asset that made it again."
        )


class MissingFileError(StoreError):
    """An artifact has no file of this name."""

    def __init__(self, sha256: str, name: str, *, held: Iterable[str]) -> None:
        self.sha256, self.name, self.held = sha256, name, tuple(held)
        super().__init__(
            f"Artifact {sha256} has no file {name!r}; it holds {', '.join(self.held)}. Was it made "
            f"by another version of the platform? Materialise its asset again."
        )


class FileNamesError(StoreError):
    """Files cannot be stored under the names they were given; lists every problem at once."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"An artifact is a set of files with plain names: {'; '.join(self.problems)}. Nothing "
            f"was stored; name the files differently."
        )


class CorruptArtifactError(StoreError):
    """The stored bytes no longer have the hash that they are named by."""

    def __init__(self, path: str, *, found: str, expected: str) -> None:
        self.path, self.found, self.expected = path, found, expected
        super().__init__(
            f"{path}: the bytes hash to {found}, registered as {expected}. The file was changed or "
            f"the disk is failing. It is not used; restore it from a backup or materialise the "
            f"asset that made it again."
        )


class StoreFullError(StoreError):
    """The disk refused a write. Nothing of the artifact was registered."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path}: {reason}. Nothing of this artifact was registered and earlier ones are "
            f"intact. Free some space and run the step again."
        )


class DatabaseError(RulPlatformError):
    """The platform's tables cannot do what was asked."""


class DatabaseUnreachableError(DatabaseError):
    """The server or the file does not answer."""

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(
            f"{url} cannot be used: {reason}. Is RUL_DATABASE_URL right, and does its server run?"
        )


class DatabaseVersionError(DatabaseError):
    """The tables were made by a newer version of the platform."""

    def __init__(self, url: str, *, found: str, newest: str) -> None:
        self.url, self.found, self.newest = url, found, newest
        super().__init__(
            f"{url}: the tables are at revision {found}, this version of the platform knows them up "
            f"to {newest}. Install the newer version that made them; nothing was changed."
        )


class RecordError(DatabaseError):
    """A record holds what no table can keep."""

    def __init__(self, what: str, *, found: str, expected: str) -> None:
        self.what, self.found, self.expected = what, found, expected
        super().__init__(f"{what} is {found}, but must be {expected}. Nothing was recorded.")


class UnknownPredictionError(DatabaseError):
    """No prediction has this id."""

    def __init__(self, prediction: str) -> None:
        self.prediction = prediction
        super().__init__(
            f"No prediction {prediction!r} was recorded. Copy its id from the answer that gave it."
        )


class LineageError(RulPlatformError):
    """Two artifacts do not belong together."""


class NotMaterializedError(LineageError):
    """An upstream asset has not been made yet."""

    def __init__(self, asset: str, partition: str) -> None:
        self.asset, self.partition = asset, partition
        super().__init__(
            f"{asset}[{partition}] has not been materialised. Materialise it first, in the UI or "
            f"together with this step."
        )


class CheckpointError(LineageError):
    """A checkpoint is not in the documented format, or of another network."""

    def __init__(self, source: str, mismatches: Mapping[str, tuple[object, object]]) -> None:
        self.source, self.mismatches = source, dict(mismatches)
        lines = "".join(
            f"\n  - {field}: found {found!r}, expected {expected!r}"
            for field, (found, expected) in self.mismatches.items()
        )
        super().__init__(f"{source} does not fit and was not loaded:{lines}")


class LeakError(LineageError):
    """The same machine would be learned from and tested on."""


class CheckFailedError(LineageError):
    """A blocking check failed, so that what is downstream was not made."""

    def __init__(self, stage: str, problem: str) -> None:
        self.stage, self.problem = stage, problem
        super().__init__(
            f"{stage} stopped: {problem} What was in charge before stays so; the run in the UI (rul "
            f"ui) shows the check's own words."
        )


class OrphanedRunError(LineageError):
    """A step of a run that is over tried to publish."""

    def __init__(self, run_id: str, asset: str) -> None:
        self.run_id, self.asset = run_id, asset
        super().__init__(
            f"Run {run_id} is over, so its step for {asset} publishes nothing. The run was "
            f"cancelled or its worker died; a new run makes the asset."
        )


class DeploymentError(RulPlatformError):
    """A model may not go into service."""


class GateRefusedError(DeploymentError):
    """The promotion gate said no."""

    def __init__(self, plant: str, number: int, reasons: Iterable[str]) -> None:
        self.plant, self.number, self.reasons = plant, number, tuple(reasons)
        super().__init__(
            f"{plant} version {number} is not deployed: {'; '.join(self.reasons)}. The champion "
            f"stays in charge."
        )


class ChampionChangedError(DeploymentError):
    """Another deployment came in between the gate's comparison and this one."""

    def __init__(self, plant: str, *, compared: int | None, found: int | None) -> None:
        self.plant, self.compared, self.found = plant, compared, found
        super().__init__(
            f"{plant}: the gate compared with champion {compared or 'none'}, but {found or 'none'} "
            f"is in charge now. Materialise evaluation_report[{plant}] again."
        )


class UnknownVersionError(DeploymentError):
    """This plant has no version of this number."""

    def __init__(self, plant: str, number: int, *, held: Iterable[int]) -> None:
        self.plant, self.number, self.held = plant, number, tuple(held)
        known = f"versions {', '.join(map(str, self.held))}" if self.held else "no version yet"
        super().__init__(
            f"Plant {plant!r} has no version {number}; it has {known}. Choose one of these, or "
            f"materialise finetuned_model[{plant}]."
        )


class VersionStateError(DeploymentError):
    """A version in this state may not serve."""

    def __init__(self, plant: str, number: int, *, state: str, allowed: Iterable[str]) -> None:
        self.plant, self.number, self.state, self.allowed = plant, number, state, tuple(allowed)
        super().__init__(
            f"{plant} version {number} is {state}; what goes into service must be "
            f"{', '.join(self.allowed)}. The champion stays in charge; choose another version."
        )


class DeploymentTimeError(DeploymentError):
    """A deployment would begin before the one that it follows."""

    def __init__(self, plant: str, *, found: str, earliest: str) -> None:
        self.plant, self.found, self.earliest = plant, found, earliest
        super().__init__(
            f"{plant}: a deployment at {found} would begin before the last change at {earliest}. "
            f"Nothing was deployed; set this machine's clock and deploy again."
        )


class NoChampionError(DeploymentError):
    """This plant has no model in charge."""

    def __init__(self, plant: str) -> None:
        self.plant = plant
        super().__init__(
            f"Plant {plant!r} has no deployed model. Materialise deployed_model[{plant}], or run "
            f"`rul deploy {plant}`."
        )


class EvaluationError(RulPlatformError):
    """Truth and predictions cannot be compared; lists every problem at once."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        super().__init__(f"{source}: {'; '.join(self.problems)}.")


class ReadingsError(RulPlatformError):
    """Readings given for a prediction cannot be used; lists every problem at once."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        super().__init__(f"{source}: {'; '.join(self.problems)}.")
