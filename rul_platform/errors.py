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
    │   └── TooFewUnitsError        too few machines to learn from
    ├── StoreError                  the artifact store cannot keep its promise
    │   ├── MissingArtifactError    nothing is stored under this sha256
    │   ├── CorruptArtifactError    the bytes no longer have the hash that they are named by
    │   └── StoreFullError          the disk refused a write; nothing of it was registered
    ├── LineageError                two artifacts do not belong together
    │   ├── NotMaterializedError    an upstream asset has not been made yet
    │   ├── CheckpointError         a checkpoint is not in the documented format, or of another network
    │   ├── LeakError               the same machine would be learned from and tested on
    │   └── OrphanedRunError        a step of a run that is over tried to publish
    ├── DeploymentError             a model may not go into service
    │   ├── GateRefusedError        the promotion gate said no
    │   ├── ChampionChangedError    another deployment came in between
    │   └── NoChampionError         this plant has no model in charge
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
            f"content, not only in line ends. Fetch the published file, or say that it is another "
            f"data set (accept_other_data in the launchpad, --accept-other-data on the command "
            f"line). Nothing of it was stored."
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

    def __init__(self, path: str, problems: Iterable[str]) -> None:
        self.path, self.problems = path, tuple(problems)
        count = len(self.problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(
            f"{path}: {count} problem{'s' if count != 1 else ''}; nothing was stored.{lines}"
        )


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


class NoChampionError(DeploymentError):
    """This plant has no model in charge."""

    def __init__(self, plant: str) -> None:
        self.plant = plant
        super().__init__(
            f"Plant {plant!r} has no deployed model. Materialise deployed_model[{plant}], or run "
            f"`rul deploy {plant}`."
        )


class ReadingsError(RulPlatformError):
    """Readings given for a prediction cannot be used; lists every problem at once."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        super().__init__(f"{source}: {'; '.join(self.problems)}.")
