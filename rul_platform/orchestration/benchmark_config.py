"""What a person may change of a benchmark in the launchpad.

Belongs here: the fields, and which architecture takes which. Does not belong here: what they do
(``benchmark_cell``).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field, field_validator

from rul_platform.core.evaluation import BOOSTING, CONSTANT
from rul_platform.core.wording import quoted
from rul_platform.errors import OptionsError
from rul_platform.orchestration.training_config import (
    LossName,
    NetworkConfig,
    none_or_beyond_the_cap,
)

ASSET, ENSEMBLE = "cmapss_benchmark", "ensemble"


class BenchmarkConfig(NetworkConfig):
    """What a person may change in the launchpad; of what is a network's own, the rest takes the seed."""

    loss: LossName | None = Field(  # pyright: ignore[reportIncompatibleVariableOverride]  it may be open
        default=None,
        description="What an error costs; by default what goes with the named network.",
    )
    layers: int | None = Field(
        default=None,
        ge=1,
        description="Layers of the encoder; by default those of the named network.",
    )
    dropout: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="Share of a state left out while learning; by default the named network's.",
    )
    seeds: int = Field(
        default=1,
        ge=1,
        description="Trainings, with the seed and the ones after it; every figure is their mean.",
    )
    far: float = Field(
        default=0.0,
        ge=0,
        description="Cap of a second head, in label caps, for the raw figures; 0: none. The "
        "ensemble always has one.",
    )
    ensemble_steps: int | None = Field(
        default=None,
        ge=1,
        description="Batches of whole histories for a network of the ensemble; by default 34 passes "
        "over the units, and at least 450.",
    )

    @field_validator("far")
    @classmethod
    def _beyond_the_cap(cls, far: float) -> float:
        return none_or_beyond_the_cap(far)

    def require_taken_by(self, name: str) -> None:
        """Refuse options that were chosen and that this architecture does not take.

        Raises:
            OptionsError: Names each of them, and what the architecture takes.
        """
        told, usual = (each.model_dump(mode="json") for each in (self, BenchmarkConfig()))
        chosen = {option: value for option, value in told.items() if value != usual[option]}
        divided(chosen, [name])


EVERYBODY = ("seed", "seeds")
"""Of a constant they move nothing but the intervals of the scores, and the boosting beside it."""

TAKEN_BY = {
    ENSEMBLE: (*EVERYBODY, "ensemble_steps"),
    BOOSTING: (*EVERYBODY, "far"),
    CONSTANT: EVERYBODY,
}
"""What takes not all options of a network, and which instead."""


def options_of(name: str) -> tuple[str, ...]:
    """The options that an architecture takes."""
    every = tuple(BenchmarkConfig.model_fields)
    return TAKEN_BY.get(name, tuple(option for option in every if option != "ensemble_steps"))


def divided(chosen: Mapping[str, Any], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """To each architecture the options that it takes.

    Raises:
        OptionsError: None of them takes one of the options.
    """
    given = {name: _of(chosen, options_of(name)) for name in names}
    idle = [option for option in chosen if not any(option in each for each in given.values())]
    if idle:
        raise OptionsError(ASSET, [_idle(option, chosen[option], names) for option in idle])
    return given


def _of(chosen: Mapping[str, Any], options: Iterable[str]) -> dict[str, Any]:
    return {option: chosen[option] for option in options if option in chosen}


def _idle(option: str, value: object, names: Sequence[str]) -> str:
    takes = " and ".join(f"{name} takes {', '.join(options_of(name))}" for name in names)
    who = "the ensemble" if option == "ensemble_steps" else "a network"
    return (
        f"{option} is {quoted(value)}, which has no meaning here: {takes}; leave it out, or ask for "
        f"{who}"
    )
