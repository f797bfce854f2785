"""What callers send and get, as models: strict, without unknown fields, and documented by example.

Belongs here: shapes and limits of JSON. Does not belong here: what a plant's columns are
(``operation.serving.given_units``).
"""

from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    computed_field,
)

from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.storage.operation_tables import OUTCOMES, RATINGS, REASONS

MOST_UNITS = 512
MOST_READINGS = 20_000
"""Of one machine."""

NO_CONTROL = r"^[^\x00-\x1f\x7f-\x9f]+$"

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_CONTROL)
]
Column = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_CONTROL)]
PlantName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Values = Annotated[list[float], Field(min_length=1, max_length=MOST_READINGS)]


_READINGS: dict[str, JsonValue] = {
    "hours": [2408.0, 2409.0],
    "Vibration": [0.31, 0.33],
    "Heat": [61.2, 61.9],
}
_PREDICTION = "0123456789abcdef0123456789abcdef"


class Body(BaseModel):
    """What is sent: types are taken as they come, and nothing unknown is ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Told(BaseModel):
    """What is answered; read from the attributes of what is told of."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


def _shown(**example: JsonValue) -> ConfigDict:
    """A whole body in the documentation; tests send it."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Unit(Body):
    """One machine and its readings."""

    unit: Name = Field(description="Which machine.", examples=["pump-17"])
    readings: Annotated[dict[Column, Values], Field(min_length=1, max_length=500)] = Field(
        description="Column, named as in the plant's own source, to its values; as many in each, one or "
        "more. The column of life says how long the machine had run. Rows may come in any order and at "
        "any distance; give the whole history if you can.",
        examples=[_READINGS],
    )
    conditions: list[Name | int] | None = Field(
        default=None,
        max_length=MOST_READINGS,
        description="Operating condition at each reading, for plants that have several.",
    )


class PredictBody(Body):
    """Readings of machines of one plant."""

    model_config = _shown(plant="pumps", units=[{"unit": "pump-17", "readings": _READINGS}])

    plant: PlantName = Field(examples=["pumps"])
    units: Annotated[list[Unit], Field(min_length=1, max_length=MOST_UNITS)]
    level: Annotated[float, Field(ge=0.5, le=0.99)] | None = Field(
        default=None, description="Coverage of the intervals; without it that of the model."
    )


class FeedbackBody(Body):
    """What a person says of an answer."""

    model_config = _shown(prediction_id=_PREDICTION, rating="negative", reason="too_late")

    prediction_id: Id = Field(description="Of the answer.")
    rating: Literal[RATINGS]  # pyright: ignore[reportInvalidTypeForm]  the tuple is the one source
    reason: Literal[REASONS] | None = None  # pyright: ignore[reportInvalidTypeForm]
    person: Name | None = Field(
        default=None,
        description="Who says so, by any id of yours; only a keyed pseudonym is kept. Without it the "
        "token counts as the person.",
    )
    created_at: AwareDatetime | None = Field(default=None, description="When; without it, now.")


class OutcomeBody(Body):
    """What became of a machine."""

    model_config = _shown(plant="pumps", unit="pump-17", kind="failed", life=2410.5)

    plant: PlantName = Field(examples=["pumps"])
    unit: Name = Field(examples=["pump-17"])
    kind: Literal[OUTCOMES]  # pyright: ignore[reportInvalidTypeForm]
    life: Annotated[float, Field(ge=0)] = Field(description="How long it had run.")
    observed_at: AwareDatetime | None = Field(default=None, description="When; without it, now.")


class LoadBody(Body):
    """Which registered checkpoint the next fine-tuning of an architecture starts from."""

    model_config = _shown(model_name="lstm", model_path="models/pretrained/lstm_cmapss.pt")

    model_name: Literal[ARCHITECTURES] = Field(  # pyright: ignore[reportInvalidTypeForm]
        description="The architecture.", examples=["lstm"]
    )
    model_path: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="A name that `rul checkpoint import FILE --as NAME` gave, a sha256, or `pretrained` "
        "for the newest that the platform made. Only a name: nothing is opened by it.",
        examples=["models/pretrained/lstm_cmapss.pt"],
    )


class Interval(Told):
    """Where the true remaining life lies with a probability."""

    low: float
    high: float
    level: float = Field(description="That probability.")


class ModelName(Told):
    """Which model answered."""

    version: int
    sha256_prefix: str
    role: Literal["champion", "challenger"]


class PredictionTold(Told):
    """One machine's remaining useful life, in the unit of ``life``."""

    id: str = Field(description="What feedback refers to.")
    plant: str
    unit: str
    life: float = Field(description="How long the machine had run.")
    life_unit: str
    rul: float
    interval: Interval
    at_least: bool = Field(description="No sign of wear yet: `rul` is the least it may be.")
    model: ModelName
    warnings: list[str]
    advisory_only: Literal[True] = Field(
        description="An estimate to plan by. No safety function may rest on it."
    )


class PredictTold(Told):
    """Answers, in the order of the units."""

    predictions: list[PredictionTold]


class FeedbackTold(Told):
    """What stands for a rating."""

    id: str
    plant: str
    is_new: bool = Field(description="False where an earlier rating of this person stands.")


class OutcomeTold(Told):
    """What stands for an outcome."""

    id: str
    is_new: bool


class LoggedTold(Told):
    """A prediction as it was logged."""

    id: str
    plant: str
    unit: str
    life: float
    rul: float
    rul_low: float
    rul_high: float
    created_at: AwareDatetime
    number: int = Field(description="Version of the model.")
    sha256: str
    role: str
    readings_sha256: str | None
    is_strange: bool


class VersionTold(Told):
    """A version of a plant's model."""

    plant: str
    number: int
    sha256: str
    state: str
    created_at: AwareDatetime
    note: str

    @computed_field(description="PLANT:NUMBER", examples=["pumps:3"])
    @property
    def id(self) -> str:
        """What the version is called."""
        return f"{self.plant}:{self.number}"


class DeploymentTold(Told):
    """A version's time in charge."""

    since: AwareDatetime
    until: AwareDatetime | None
    kind: str


class VersionDetailTold(VersionTold):
    """A version, and when it was in charge."""

    deployments: list[DeploymentTold]


class ModelsTold(Told):
    """All versions."""

    models: list[VersionTold]


class PlantTold(Told):
    """A plant, and what answers for it."""

    plant: str
    title: str | None
    wanted_version: int | None
    served_version: int | None
    challenger: int | None
    problem: str | None
    is_frozen: bool
    retrain: str | None = Field(description="State of the retrain that is under way.")


class PlantsTold(Told):
    """All plants."""

    plants: list[PlantTold]


class AliveTold(Told):
    """The process answers."""

    status: Literal["alive"]


class ReadyTold(Told):
    """Whether the service can do its work."""

    ready: bool
    problems: list[str] = Field(description="What is in the way.")


class LoadTold(Told):
    """What the next fine-tuning of an architecture starts from."""

    status: Literal["success"]
    model_name: str
    model_path: str
    message: str
    sha256: str


class CheckpointTold(Told):
    """A checkpoint that plants start from; nothing in it is a path."""

    names: list[str]
    sha256: str
    origin: str
    seen: list[str] | None = Field(description="Turbofans that it has seen; null: nobody said.")
    config: dict[str, Any]


class TransferTold(Told):
    """What plants start from, and how they go on."""

    enabled: bool
    freeze_layers: bool = Field(
        description="Whether a frozen encoder is among the approaches that a training tries."
    )
    pretrained_models: dict[str, CheckpointTold] = Field(description="By architecture.")


class ServedTold(Told):
    """The model that answers for a plant."""

    version: int
    sha256: str
    approach: str | None
    since: AwareDatetime | None


class CalibrationTold(Told):
    """What the intervals of a plant's model rest on."""

    level: float
    units: int = Field(description="Machines that calibrated it.")
    bands: int
    cap: float
    life_unit: str


class StatusTold(Told):
    """What the service can do now."""

    ready: bool
    problems: list[str]
    models: dict[str, ServedTold] = Field(description="By plant.")
    calibration: dict[str, CalibrationTold] = Field(description="By plant.")
    transfer_learning: TransferTold


class ProblemTold(Told):
    """What is told where a request cannot be done (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    problems: list[str]
    request_id: str
