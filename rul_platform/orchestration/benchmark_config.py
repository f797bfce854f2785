"""What a person may change of a benchmark in the launchpad.

Belongs here: the fields. Does not belong here: what they do (``benchmark_cell``).
"""

from pydantic import Field

from rul_platform.orchestration.training_config import LossName, NetworkConfig


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
