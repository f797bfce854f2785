"""Every error this platform raises on purpose.

    RulPlatformError
    ├── SettingsError               a setting is absent, of the wrong type or out of range
    ├── ConfigError                 retraining settings are unknown, of the wrong type or out of range
    ├── OptionsError                options of an asset are unknown, given twice or out of range
    ├── DataError                   the bytes or rows are not what the format promises
    │   ├── DataNotFoundError       no way to get the data worked
    │   ├── DownloadError           the archive's server did not give the whole file
    │   ├── ArchiveError            a zip is cut off, damaged or lacks a member
    │   ├── WrongHashError          a file is not the published one
    │   ├── MalformedRowError       one row breaks the format: file, line, column
    │   ├── PlantFileError          a plant file, with all its problems
    │   ├── PlantNameError          no plant can be called so
    │   ├── UnknownPlantError       there is no such plant
    │   ├── ArraysError             arrays given to learn from do not fit each other
    │   ├── ExpressionError         a threshold expression is not understood, or cannot be computed
    │   ├── SearchSpaceError        a search space, with all its problems
    │   ├── TooFewUnitsError        too few machines to learn from
    │   ├── LongUnitError           not one machine of each role fits into memory
    │   └── SourceChangedError      a file of a plant was written to while it was read
    ├── StoreError                  the artifact store cannot keep its promise
    │   ├── MissingArtifactError    nothing is stored under this sha256
    │   ├── MissingFileError        an artifact has no file of this name
    │   ├── FileNamesError          files cannot be stored under the names they were given
    │   ├── CorruptArtifactError    the bytes no longer have the hash that they are named by
    │   ├── StoreFullError          the disk refused a write; nothing of it was registered
    │   └── StoreUnreachableError   the bucket does not answer, or refuses
    ├── DatabaseError               the platform's tables cannot do what was asked
    │   ├── DatabaseUnreachableError  the server or the file does not answer
    │   ├── DatabaseVersionError    the tables were made by a newer version of the platform
    │   ├── RecordError             a record holds what no table can keep
    │   ├── UnknownPredictionError  no prediction has this id
    │   ├── UnknownUnitError        nothing is known of this machine
    │   ├── UnknownRetrainError     no retrain has this id
    │   ├── UnknownTokenError       no token has this id
    │   ├── KeyReusedError          another request was answered under this key
    │   ├── OpenRetrainError        the plant's last retrain is not over
    │   ├── EvidenceUsedError       another retrain was asked for on the same evidence
    │   ├── RetrainStateError       a retrain is not in the state that this needs
    │   ├── RetrainFailedError      a retrain ended without a verdict of the gate
    │   └── IntakeError             rows of feedback or outcomes cannot be taken
    ├── LineageError                two artifacts do not belong together
    │   ├── NotMaterializedError    an upstream asset has not been made yet
    │   ├── CheckpointError         a checkpoint is not in the documented format, or of another network
    │   ├── UnknownCheckpointError  no checkpoint is called so, or has this sha256
    │   ├── CheckpointNameError     a name stands for another checkpoint already
    │   ├── OtherArchitectureError  a checkpoint is of another architecture than is asked for
    │   ├── ParentChangedError      another checkpoint was selected in between
    │   ├── LeakError               the same machine would be learned from and tested on
    │   ├── CheckFailedError        a blocking check failed
    │   ├── OrphanedRunError        a step of a run that is over tried to publish
    │   └── FidelityError           a model's graph does not say what the model says
    ├── DeploymentError             a model may not go into service
    │   ├── GateRefusedError        the promotion gate said no
    │   ├── UnapprovableError       this answer of the gate cannot be approved
    │   ├── ChampionChangedError    another deployment came in between
    │   ├── UnknownVersionError     this plant has no version of this number
    │   ├── VersionStateError       a version in this state may not serve
    │   ├── NoChampionError         this plant has no model in charge
    │   ├── ModelNotLoadedError     the model in charge could not be loaded
    │   ├── NoPredecessorError      there is no version to go back to
    │   ├── FrozenError             a person froze this plant's model
    │   └── FreezeStateError        a plant is frozen already, or is not
    ├── InferenceError              a model in service could not answer
    ├── LogFullError                answers cannot be logged, so none are given
    ├── AuditSubjectError           an audit was asked about something that is not there
    ├── SwitchError                 a sensor or schedule cannot be switched so
    ├── NotReproducibleError        a version cannot be trained again from what is recorded
    ├── NotSignedError              evidence was asked for, and what it must hold is not signed
    ├── EnvelopeError               a signed envelope is damaged, changed, or of nobody known
    ├── KeyFileError                a file with a key is damaged, or others may read or replace it
    ├── BackupError                 a backup cannot be made there, or is not whole
    ├── ReleaseError                a folder is no release that can be installed
    ├── ChannelError                a channel did not take an alert
    ├── MlflowError                 an MLflow server does not answer, or an export is at work
    │   └── MlflowRefusedError      an MLflow server answers, and does not take what is exported
    ├── LeftBehindError             versions were not exported to MLflow, and will not be by themselves
    ├── MissingExtraError           an optional package is not installed
    ├── ClusterUnreachableError     the cluster that shall carry out steps does not answer
    ├── ApproachError               approaches that this plant or study cannot be tried with
    ├── NetworkError                options of a network that do not go together
    ├── TrainingError               a training that cannot go on
    │   ├── DeviceError             CUDA was asked for, and there is none
    │   ├── TrainingDataError       features or labels that are no finite numbers
    │   └── TrainingDivergedError   the loss is no number any more, or far too large
    ├── SearchError                 a search of hyperparameters cannot begin, or a worker of it failed
    ├── BatchTooLargeError          not even one window fits into memory
    ├── EvaluationError             truth and predictions cannot be compared
    ├── CalibrationError            an interval cannot be calibrated, or not at this level
    │   └── TooFewOutcomesError     too few machines have failed since to calibrate anew
    └── ReadingsError               readings given for a prediction cannot be used

A message says what was found, what was expected and what to do. Where several things are wrong, it
lists all of them.
"""

from collections.abc import Iterable, Mapping, Sequence


class RulPlatformError(Exception):
    """Root of the tree: catch this at a door to turn a refusal into one clear message."""


class SettingsError(RulPlatformError):
    """A setting is absent, of the wrong type or out of range."""

    def __init__(self, key: str, *, found: str, expected: str) -> None:
        self.key, self.found, self.expected = key, found, expected
        super().__init__(f"{key} is {found!r}, but must be {expected}.")


class ConfigError(RulPlatformError):
    """Retraining settings are unknown, of the wrong type or out of range; lists every problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(
            f"Retraining settings have {count} problem{'s' if count != 1 else ''}; nothing was "
            f"started.{lines}"
        )


class OptionsError(RulPlatformError):
    """Options of an asset are unknown, given twice, of the wrong type or out of range; lists all."""

    def __init__(self, asset: str, problems: Iterable[str]) -> None:
        self.asset, self.problems = asset, tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"Options of {asset} do not fit; nothing was started.{lines}")


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


class UnknownPlantError(DataError):
    """There is no such plant: neither a plant file nor a model."""

    def __init__(self, plant: str, *, known: Iterable[str], hint: str = "") -> None:
        self.plant, self.known = plant, tuple(known)
        there = (
            f"there is {', '.join(self.known)}{hint or '.'}" if self.known else "there is none yet."
        )
        super().__init__(
            f"There is no plant {plant!r}; {there} `rul plant init NAME --files 'data/*.csv'` makes a "
            f"new one."
        )


class ExpressionError(DataError):
    """A threshold expression is not understood, or cannot be computed."""

    def __init__(self, expression: str, *, position: int | None, problem: str) -> None:
        self.expression, self.position, self.problem = expression, position, problem
        where = "" if position is None else f", position {position}"
        super().__init__(f"{expression!r}{where}: {problem}")


class ArraysError(DataError):
    """Arrays given to learn from, or to score, do not fit; lists every problem at once."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"The arrays do not fit; nothing was learned from them.{lines}")


class TooFewUnitsError(DataError):
    """Too few machines to learn from, or too few of them failed."""

    def __init__(self, source: str, *, found: int, needed: int, what: str) -> None:
        self.source, self.found, self.needed = source, found, needed
        super().__init__(
            f"{source}: {found} {what}, at least {needed} needed. Add run-to-failure histories of "
            f"more machines, or check what the plant file says a failure is."
        )


class LongUnitError(DataError):
    """Not one machine of each role fits into memory."""

    def __init__(self, role: str, *, shortest: int, total: int, most: int) -> None:
        self.role, self.shortest = role, shortest
        super().__init__(
            f"Of {total} readings at most {most} are held in memory, with one unit of each role at "
            f"least, and the shortest unit of the role {role} has {shortest}. Give the plant file a "
            f"longer [resample] step, so that units become shorter."
        )


class SourceChangedError(DataError):
    """A file of a plant was written to while it was read."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: the file was changed while it was read, so nothing of it was stored. Let "
            f"whoever writes it finish, then run the step again."
        )


class SearchSpaceError(DataError):
    """A search space is wrong; lists every problem at once."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        count = len(self.problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(
            f"{source}: {count} problem{'s' if count != 1 else ''}; nothing was tried.{lines}"
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


class StoreUnreachableError(StoreError):
    """The bucket that holds the artifacts does not answer, or refuses. Nothing is known of the bytes."""

    def __init__(self, place: str, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(
            f"{place} cannot be used: {reason}. Are RUL_STORE and RUL_STORE_ENDPOINT right, does the "
            f"server run, and may these credentials read and write there (docs/object-store.md)? "
            f"Nothing was registered; run it again."
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


class DatabaseRightsError(DatabaseError):
    """The tables are older than this version, and the login may not change them."""

    def __init__(self, url: str, *, found: str, newest: str) -> None:
        self.url, self.found, self.newest = url, found, newest
        super().__init__(
            f"{url}: the tables are at revision {found}, this version of the platform needs {newest}, "
            f"and this login may not make or change tables. Run `rul database migrate` as their owner, "
            f"rul_owner, then deploy/postgres_roles.sql; nothing was changed."
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


class UnknownUnitError(DatabaseError):
    """Nothing is known of a machine: no prediction, no reading, no outcome."""

    def __init__(self, plant: str, unit: str) -> None:
        self.plant, self.unit = plant, unit
        super().__init__(
            f"Nobody knows unit {unit!r} of plant {plant!r}: no prediction, no reading, no outcome. "
            f"Look it up in the plant's fleet."
        )


class UnknownTokenError(DatabaseError):
    """No token has this id."""

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(
            f"There is no token {number!r}. `rul token list` shows the ids; a secret is no id."
        )


class KeyReusedError(DatabaseError):
    """Another request was answered under this key."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request. Send a request again with its own key, "
            "and every new one with a new key."
        )


class UnknownRetrainError(DatabaseError):
    """No retrain has this id."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"There is no retrain {number}. `rul retrain history` lists them.")


class OpenRetrainError(DatabaseError):
    """One retrain of a plant at a time."""

    def __init__(self, plant: str, number: int) -> None:
        self.plant, self.number = plant, number
        super().__init__(
            f"Plant {plant!r} is being retrained: retrain {number} is not over. Wait for its end, or "
            f"`rul retrain cancel {number}`; `rul retrain run {plant}` goes on with it where its run is "
            f"gone. Nothing was asked for."
        )


class EvidenceUsedError(DatabaseError):
    """Feedback and outcomes are used by one retrain only."""

    def __init__(self, plant: str, trigger: str, watermark: int | None) -> None:
        self.plant, self.trigger, self.watermark = plant, trigger, watermark
        super().__init__(
            f"Another retrain of plant {plant!r} was asked for at the same time, or on the same "
            f"evidence ({trigger} up to {watermark}). Nothing was asked for here; `rul retrain "
            f"history` shows it."
        )


class RetrainStateError(DatabaseError):
    """A retrain is not in the state that this needs."""

    def __init__(self, number: int, *, found: str, expected: str) -> None:
        self.number, self.found, self.expected = number, found, expected
        super().__init__(
            f"Retrain {number} is {found}; it would have to be {expected}. Nothing was changed."
        )


class RetrainFailedError(DatabaseError):
    """A retrain ended without a verdict of the gate."""

    def __init__(self, number: int, *, state: str, problem: str | None) -> None:
        self.number, self.state, self.problem = number, state, problem
        why = f": {problem.rstrip('.')}" if problem else ""
        super().__init__(
            f"Retrain {number} is {state}{why}. The champion stays in charge; `rul retrain history` "
            f"shows it."
        )


class IntakeError(DatabaseError):
    """Rows of feedback or outcomes cannot be taken; lists every problem at once."""

    SHOWN = 20
    """The message shows this many and counts the rest; ``problems`` holds all."""

    def __init__(self, what: str, problems: Iterable[str]) -> None:
        self.what, self.problems = what, tuple(problems)
        count = len(self.problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems[: self.SHOWN])
        rest = f"\n  … and {count - self.SHOWN} more" if count > self.SHOWN else ""
        super().__init__(
            f"{what}: {count} problem{'s' if count != 1 else ''}; no row was taken.{lines}{rest}"
        )


class LineageError(RulPlatformError):
    """Two artifacts do not belong together."""


class NotMaterializedError(LineageError):
    """An upstream asset has not been made yet."""

    def __init__(self, asset: str, partition: str) -> None:
        self.asset, self.partition = asset, partition
        super().__init__(
            f"{asset}[{partition}] has not been materialised. Materialise it first, in the UI or "
            f"together with this step{self._by_hand()}."
        )

    def _by_hand(self) -> str:
        """The command for what people miss most."""
        is_model = self.asset == "finetuned_model"
        return f"; `rul train {self.partition}` makes it and all before it" if is_model else ""


class CheckpointError(LineageError):
    """A checkpoint is not in the documented format, or of another network."""

    def __init__(self, source: str, mismatches: Mapping[str, tuple[object, object]]) -> None:
        self.source, self.mismatches = source, dict(mismatches)
        lines = "".join(
            f"\n  - {field}: found {found!r}, expected {expected!r}"
            for field, (found, expected) in self.mismatches.items()
        )
        super().__init__(f"{source} does not fit and was not loaded:{lines}")


class UnknownCheckpointError(LineageError):
    """No checkpoint is called so, or has this sha256."""

    def __init__(self, wanted: str, *, known: Iterable[str], hint: str = "") -> None:
        self.wanted, self.known = wanted, tuple(known)
        there = (
            f"there is {', '.join(self.known)}{hint or '.'}" if self.known else "there is none yet."
        )
        super().__init__(
            f"No checkpoint is called {wanted!r}; {there} `rul checkpoint list` shows all of them with "
            f"their sha256, `rul checkpoint import FILE --as NAME` brings another one."
        )


class CheckpointNameError(LineageError):
    """A name stands for another checkpoint already, or for the same one with other facts."""

    def __init__(self, name: str, *, held: str, given: str) -> None:
        self.name, self.held, self.given = name, held, given
        other = f"another file (sha256 {held[:12]}, and this one has {given[:12]})"
        found = "this file, of which something else was said" if held == given else other
        super().__init__(
            f"The name {name!r} stands for {found}. A name never changes what it stands for: nothing "
            f"was imported. Give another name with --as NAME."
        )


class OtherArchitectureError(LineageError):
    """A checkpoint is of another architecture than is asked for."""

    def __init__(self, wanted: str, *, found: str, expected: str) -> None:
        self.wanted, self.found, self.expected = wanted, found, expected
        super().__init__(
            f"Checkpoint {wanted!r} is a {found} network, expected a {expected} one. Nothing was "
            f"selected. `rul checkpoint list` shows the architecture of each."
        )


class ParentChangedError(LineageError):
    """Another checkpoint was selected between looking and deciding."""

    def __init__(self, architecture: str, *, expected: str | None, found: str | None) -> None:
        self.architecture, self.expected, self.found = architecture, expected, found
        super().__init__(
            f"{architecture}: the decision was based on checkpoint {(expected or 'none')[:12]}, but "
            f"{(found or 'none')[:12]} is selected now. Nothing was changed; look at it first, with "
            f"`rul checkpoint list`."
        )


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


class FidelityError(LineageError):
    """A model's graph does not say what the model says.

    Args:
        found: Largest difference, in units of the label cap; NaN where one of them said no number.
        allowed: The same, at most.
        windows: How many were compared.
    """

    def __init__(self, *, found: float, allowed: float, windows: int) -> None:
        super().__init__(
            f"The ONNX graph and the model that it was made from differ by up to {found:.3g} of the "
            f"label cap on {windows} windows, expected at most {allowed:g}. Nothing was stored. Train "
            f"again with another seed; if it comes back, report it with the versions of torch, "
            f"scikit-learn and onnxruntime."
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


class UnapprovableError(DeploymentError):
    """This answer of the gate cannot be approved."""

    def __init__(self, gate_id: int, *, found: str) -> None:
        self.gate_id, self.found = gate_id, found
        super().__init__(
            f"Answer {gate_id} of the gate is {found}; only the newest about a version can be approved, "
            f"and only PROMOTE or HOLD. Nothing was approved. Materialise evaluation_report to have "
            f"the candidate judged again."
        )


class ChampionChangedError(DeploymentError):
    """Another deployment came in between the gate's comparison and this one."""

    def __init__(
        self,
        plant: str,
        *,
        compared: int | None,
        found: int | None,
        what: str = "the gate compared with",
        remedy: str | None = None,
    ) -> None:
        self.plant, self.compared, self.found = plant, compared, found
        super().__init__(
            f"{plant}: {what} champion {compared or 'none'}, but {found or 'none'} is in charge now. "
            f"{remedy or f'Materialise evaluation_report[{plant}] again.'}"
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
    """A version in this state may not serve, or not become what was asked."""

    def __init__(
        self,
        plant: str,
        number: int,
        *,
        state: str,
        allowed: Iterable[str],
        what: str = "goes into service",
    ) -> None:
        self.plant, self.number, self.state, self.allowed = plant, number, state, tuple(allowed)
        one_of = "one of " if len(self.allowed) > 1 else ""
        super().__init__(
            f"{plant} version {number} is {state}; what {what} must be {one_of}"
            f"{', '.join(self.allowed)}. The champion stays in charge; choose another version."
        )


class NoChampionError(DeploymentError):
    """This plant has no model in charge."""

    def __init__(self, plant: str) -> None:
        self.plant = plant
        super().__init__(
            f"Plant {plant!r} has no deployed model. `rul train {plant}` makes one, `rul deploy "
            f"{plant}` puts it in charge; in Dagster, materialise deployed_model[{plant}]."
        )


class ModelNotLoadedError(DeploymentError):
    """The model in charge could not be loaded, and none before it either."""

    def __init__(self, plant: str, number: int, problem: str) -> None:
        self.plant, self.number, self.problem = plant, number, problem
        super().__init__(
            f"Version {number} is in charge of plant {plant!r} and could not be loaded: {problem} It is "
            f"tried again by itself; `rul rollback {plant}` puts the version before it in charge."
        )


class NoPredecessorError(DeploymentError):
    """There is no version to go back to; says of each former champion why it is none."""

    def __init__(self, plant: str, *, champion: int, passed_over: Iterable[str] = ()) -> None:
        self.plant, self.champion, self.passed_over = plant, champion, tuple(passed_over)
        former = "; ".join(self.passed_over) or "no other version has served"
        super().__init__(
            f"{plant} cannot go back from version {champion}: {former}. It stays in charge; train "
            f"and deploy a better one."
        )


class FrozenError(DeploymentError):
    """A person froze this plant's model."""

    def __init__(self, plant: str, *, since: str, reason: str) -> None:
        self.plant, self.since, self.reason = plant, since, reason
        super().__init__(
            f"{plant} has been frozen since {since}: {reason}. Its model stays as it is until `rul "
            f"freeze {plant} --lift`; only a rollback is possible meanwhile."
        )


class FreezeStateError(DeploymentError):
    """A plant that is to be frozen is frozen already, or one that is to be freed is not."""

    def __init__(self, plant: str, found: str) -> None:
        self.plant, self.found = plant, found
        super().__init__(f"{plant} is {found}. Nothing was changed.")


class InferenceError(RulPlatformError):
    """A model in service could not answer, though nothing is wrong with what it was asked."""

    def __init__(self, model: str, problem: str) -> None:
        self.model, self.problem = model, problem
        super().__init__(
            f"{model} could not answer: {problem}. Nothing was answered; `rul rollback` puts the "
            f"version before it in charge again."
        )


class LogFullError(RulPlatformError):
    """Answers cannot be logged, so none are given."""

    def __init__(self, waiting: int, problem: str | None) -> None:
        self.waiting = waiting
        because = f" ({problem})" if problem else ""
        super().__init__(
            f"{waiting} answers wait to be logged{because}. None is given that could not be proven: ask "
            f"again in a moment, and look whether the database runs."
        )


class AuditSubjectError(RulPlatformError):
    """An audit was asked about something that is not there, or about several things at once."""

    def __init__(self, asked: str, *, found: str, expected: str) -> None:
        super().__init__(f"{asked}: found {found}, expected {expected}.")


class SwitchError(RulPlatformError):
    """A sensor or schedule is not there, stands so already, or Dagster did not switch it."""

    def __init__(self, name: str, *, found: str, expected: str) -> None:
        self.name = name
        super().__init__(
            f"{name}: found {found}, expected {expected}. `rul sensors list` shows all of them."
        )


class NotReproducibleError(RulPlatformError):
    """A version cannot be trained again from what is recorded."""

    def __init__(self, version: str, why: str) -> None:
        super().__init__(f"{version} cannot be trained again: {why}.")


class NotSignedError(RulPlatformError):
    """Evidence was asked for, and what it must hold is not signed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"No evidence without a signature: {what} is signed by nobody. `rul audit sign` does so on "
            f"a machine with the key."
        )


class EnvelopeError(RulPlatformError):
    """What a signed envelope says cannot be believed."""

    def __init__(self, source: str, *, found: str, expected: str) -> None:
        super().__init__(f"{source}: found {found}, expected {expected}.")


class KeyFileError(RulPlatformError):
    """A file with a key is damaged, or others may read or replace it."""

    def __init__(self, path: str, *, found: str, expected: str, remedy: str) -> None:
        self.path, self.found, self.expected = path, found, expected
        super().__init__(f"{path} is {found}, but must be {expected}: {remedy}.")


class BackupError(RulPlatformError):
    """A backup cannot be made there, or is not whole, or would overwrite something."""

    def __init__(self, path: object, found: str, expected: str) -> None:
        self.path, self.found, self.expected = path, found, expected
        super().__init__(f"{path} is {found}, but must be {expected}. Nothing was changed.")


class ReleaseError(RulPlatformError):
    """A folder is no release that can be installed."""

    def __init__(self, path: object, found: str, expected: str) -> None:
        self.path, self.found, self.expected = path, found, expected
        super().__init__(
            f"{path} is {found}, but must be {expected}. Do not install this release: fetch it again, "
            f"and ask who gave it to you."
        )


class ChannelError(RulPlatformError):
    """A channel did not take an alert. The message is kept and shown: it holds no secret."""

    def __init__(self, channel: str, problem: str) -> None:
        self.channel, self.problem = channel, problem
        super().__init__(f"{channel}: {problem}")


class MlflowError(RulPlatformError):
    """What was exported did not arrive. The message is kept and shown: it holds no address."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(
            f"MLflow, which RUL_MLFLOW_URI names, was not brought up to date: {problem}. Nothing else "
            f"waits for it; the next `rul mlflow sync` goes on where this one stopped."
        )


class MlflowRefusedError(MlflowError):
    """The server answers, and does not take something of one plant: the others may go on."""


class LeftBehindError(RulPlatformError):
    """An export got through, but not with everything, and asking again alone will not help."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"Not everything was exported to MLflow: {'; '.join(problems)}. The rest was. This is told "
            f"once; after repairing it here or there, `rul mlflow sync` exports what was left behind."
        )


class MissingExtraError(RulPlatformError):
    """An optional package is not installed."""

    def __init__(self, what: str, *, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(
            f"{what} needs the package {package}, which is not installed. Install it with: pip install "
            f"'rul-platform[{extra}]'"
        )


class ClusterUnreachableError(RulPlatformError):
    """The cluster that shall carry out steps does not answer."""

    def __init__(self, address: str, why: str) -> None:
        self.address = address
        super().__init__(
            f"No Ray cluster answers at {address}, which RUL_RAY_ADDRESS names: {why}. Expected: the "
            f"job server of its dashboard. Is the head node up, and its dashboard reachable from here? "
            f"No step was started; RUL_EXECUTOR=multiprocess works without a cluster."
        )


class ApproachError(RulPlatformError):
    """Approaches were asked for that cannot be tried here; lists all of them."""

    def __init__(self, unknown: Iterable[str], *, available: Iterable[str]) -> None:
        self.unknown, self.available = tuple(unknown), tuple(available)
        found = ", ".join(map(repr, self.unknown)) or "no approach at all"
        super().__init__(
            f"Asked for {found}, which cannot be tried here; expected some of: "
            f"{', '.join(self.available)}. Zero-shot takes a pretrained network that knows all "
            f"channels and learned with this label cap and unit of life; source replay, pooled "
            f"boosting and their blend take source units with the same channels."
        )


class NetworkError(RulPlatformError):
    """Options of a network are unknown or do not go together; lists every problem at once."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"This network cannot be built: {'; '.join(self.problems)}.")


class TrainingError(RulPlatformError):
    """A training cannot begin or go on."""


class DeviceError(TrainingError):
    """CUDA was asked for, and there is none."""

    def __init__(self) -> None:
        super().__init__(
            "The device 'cuda' was asked for, but torch finds no usable CUDA device here. Nothing was "
            "trained. Ask for 'auto' or 'cpu', or install a driver and a build of torch for it."
        )


class TrainingDataError(TrainingError):
    """Features or labels of windows are no finite numbers."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"{'; '.join(self.problems)}. Every one must be a finite number; nothing was trained. "
            f"Repair or leave out these readings and prepare the windows again."
        )


class TrainingDivergedError(TrainingError):
    """The loss is no finite number any more, or far larger than any useful one.

    ``what`` is no number: the loss, or an error on units left out.
    """

    def __init__(self, *, step: int, loss: float, learning_rate: float, what: str = "loss") -> None:
        self.step, self.loss, self.learning_rate = step, loss, learning_rate
        super().__init__(
            f"Training diverged at step {step}: the {what} is {loss:.3g} at a learning rate of "
            f"{learning_rate:.3g}; it should be finite and fall. The weights were put back to the "
            f"last good ones and nothing was stored. Lower the learning rate (a tenth is a good "
            f"first try) or clip_norm, or switch mixed_precision off."
        )


class SearchError(RulPlatformError):
    """A search of hyperparameters cannot begin, or a worker of it failed."""


class BatchTooLargeError(RulPlatformError):
    """Not even one window, or one whole history, fits into memory."""

    def __init__(self, reason: str, *, one: str = "window") -> None:
        self.reason = reason
        super().__init__(
            f"Not even a batch of one {one} fits into memory: {reason}. Make the network or the "
            f"{one} smaller, or free some memory."
        )


class EvaluationError(RulPlatformError):
    """Truth and predictions cannot be compared; lists every problem at once."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        super().__init__(f"{source}: {'; '.join(self.problems)}.")


class CalibrationError(RulPlatformError):
    """An interval cannot be calibrated, or was not calibrated for what is asked."""


class TooFewOutcomesError(CalibrationError):
    """Too few machines have failed since the model answered for them."""

    def __init__(self, plant: str, *, found: int, needed: int, why: str = "") -> None:
        self.plant, self.found, self.needed = plant, found, needed
        super().__init__(
            f"{plant}: the model in charge has answered for {found} machines that failed since and that "
            f"it did not learn from{why}; {needed} are needed to calibrate its interval on. Report what "
            f"became of machines with `rul outcome`; nothing was changed."
        )


class ReadingsError(RulPlatformError):
    """Readings given for a prediction cannot be used; lists every problem at once."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        super().__init__(f"{source}: {'; '.join(self.problems)}.")
