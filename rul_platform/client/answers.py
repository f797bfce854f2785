"""What the service answers, as values. Fields that a newer service adds are left out.

Belongs here: shapes. Does not belong here: asking (``client``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where the true remaining life lies.

    Attributes:
        low: Lower end.
        high: Upper end.
        level: How often it lies between them.
    """

    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """Which model answered.

    Attributes:
        version: Its number.
        sha256_prefix: First digits of its hash.
        role: ``champion`` or, in an A/B test, ``challenger``.
    """

    version: int
    sha256_prefix: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One machine's remaining useful life; an estimate to plan by, never a safety function.

    Attributes:
        id: What feedback refers to.
        plant: Which plant.
        unit: Which machine.
        life: How long it had run, in ``life_unit``.
        life_unit: Cycles, hours, seconds.
        rul: Remaining useful life, in ``life_unit``.
        interval: Around it.
        at_least: No sign of wear yet: ``rul`` is the least it may be.
        model: Which model answered.
        warnings: What to know before one relies on it.
        advisory_only: Always true.
    """

    id: str
    plant: str
    unit: str
    life: float
    life_unit: str
    rul: float
    interval: Interval
    at_least: bool
    model: ModelName
    warnings: tuple[str, ...]
    advisory_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPrediction:
    """A prediction as it was logged; ``number`` is the model's version.

    Attributes:
        readings_sha256: Artifact of the readings that it was made from.
        is_strange: They were far outside what the model learned from.
    """

    id: str
    plant: str
    unit: str
    life: float
    rul: float
    rul_low: float
    rul_high: float
    created_at: datetime
    number: int
    sha256: str
    role: str
    readings_sha256: str | None
    is_strange: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What stands for a rating or an outcome.

    Attributes:
        id: Of the stored row.
        is_new: False where an earlier one stands for it.
        plant: Which plant it is about.
    """

    id: str
    is_new: bool
    plant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A plant, and what answers for it.

    Attributes:
        plant: Its name.
        title: From its plant file.
        wanted_version: In charge by the registry.
        served_version: What answers now.
        challenger: Asked beside it.
        problem: Why the wanted version does not answer.
        is_frozen: A person froze its model.
        retrain: State of the retrain that is under way.
    """

    plant: str
    title: str | None
    wanted_version: int | None
    served_version: int | None
    challenger: int | None
    problem: str | None
    is_frozen: bool
    retrain: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A version's time in charge; ``until`` is None while it lasts."""

    since: datetime
    until: datetime | None
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a plant's model.

    Attributes:
        id: PLANT:NUMBER.
        deployments: When it was in charge; empty in a list of versions.
    """

    id: str
    plant: str
    number: int
    sha256: str
    state: str
    created_at: datetime
    note: str
    deployments: tuple[Deployment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A checkpoint that the next fine-tuning of an architecture starts from.

    Attributes:
        model_name: The architecture.
        model_path: The name under which the checkpoint is registered.
        message: The same for people.
        sha256: The checkpoint.
    """

    model_name: str
    model_path: str
    message: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint to start from.

    Attributes:
        names: What it is called; maybe nothing.
        sha256: The artifact.
        origin: ``pretrained_checkpoint`` or ``imported_checkpoint``.
        seen: Turbofans that it has seen; None where nobody said.
        config: Its sizes and channels, plain values.
    """

    names: tuple[str, ...]
    sha256: str
    origin: str
    seen: tuple[str, ...] | None
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLearning:
    """What the next fine-tuning of each architecture starts from.

    Attributes:
        enabled: Whether there is a checkpoint for any architecture.
        freeze_layers: Whether a frozen encoder is among the approaches that a training tries.
        pretrained_models: By architecture.
    """

    enabled: bool
    freeze_layers: bool
    pretrained_models: Mapping[str, Checkpoint]


def of(kind: type[_Told], told: Mapping[str, Any], **changed: object) -> _Told:
    """A value from what was told; ``changed`` takes the place of fields of the same name."""
    wanted: dict[str, Any] = {**told, **changed}
    names = {each.name for each in fields(kind)}  # pyright: ignore[reportArgumentType]  dataclasses
    return kind(**{name: value for name, value in wanted.items() if name in names})


def prediction(told: Mapping[str, Any]) -> Prediction:
    """One of the answers to a question."""
    return of(
        Prediction,
        told,
        interval=of(Interval, told["interval"]),
        model=of(ModelName, told["model"]),
        warnings=tuple(told["warnings"]),
    )


def logged(told: Mapping[str, Any]) -> LoggedPrediction:
    """A prediction of the log."""
    return of(LoggedPrediction, told, created_at=moment(told["created_at"]))


def version(told: Mapping[str, Any]) -> Version:
    """A version, with its deployments where they are told."""
    served = tuple(
        of(Deployment, each, since=moment(each["since"]), until=_moment(each["until"]))
        for each in told.get("deployments", ())
    )
    return of(Version, told, created_at=moment(told["created_at"]), deployments=served)


def transfer_learning(told: Mapping[str, Any]) -> TransferLearning:
    """What plants start from."""
    models = {name: _checkpoint(each) for name, each in told["pretrained_models"].items()}
    return of(TransferLearning, told, pretrained_models=models)


def moment(text: str) -> datetime:
    """A time with its zone, from ISO 8601."""
    return datetime.fromisoformat(text)


def _checkpoint(told: Mapping[str, Any]) -> Checkpoint:
    seen = told["seen"]
    return of(
        Checkpoint, told, names=tuple(told["names"]), seen=None if seen is None else tuple(seen)
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moment(text)
