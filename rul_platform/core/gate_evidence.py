"""What the promotion gate looks at, and its plain form in a record.

Belongs here: the numbers. Does not belong here: how they were made (``gate_statistics``), what follows
from them (``gate``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rul_platform.core.canonical import canonical_json, fingerprint
from rul_platform.core.fleet import Fleet
from rul_platform.core.gate_statistics import Paired, SeedNoise
from rul_platform.core.windows import Windows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the gate looks at; all scores on the same frozen set of test units, in life units.

    Attributes:
        candidate: sha256 of the candidate.
        champion: sha256 of the model in charge, None before the first.
        champion_number: Its version number.
        evaluation_set: Hash of exactly what was scored (:func:`evaluation_set`).
        life_unit: Of all scores.
        candidate_rmse: Labels capped.
        champion_rmse: The champion on the same windows, None before the first.
        constant_rmse: What always saying the mean scores.
        boosting_rmse: What gradient boosting on the same units scores.
        incomparable: Why candidate and champion cannot be scored on the same set, None where they can.
        champion_silent: Why the champion has no answer for the test units, None where it has.
        lowest_output: Of the candidate's network before limits, in units of the cap.
        highest_output: Likewise; both None where an output is no number.
        onnx_difference: Largest difference between torch and ONNX before limits, as a part of the cap;
            None where an output is no number.
        units: How many test units there are.
        comparison: Both models on all of the set, then on its protected slices; empty without a
            champion's answers.
        noise: What the seed alone changes; None where there is nothing to compare it with.
        barred: Why this very model may never serve again, None where it may.
        cap: Truth and predictions are limited to it where both are compared: the smaller of the two
            models' label caps, in life units.
        candidate_predicts: Hash of all that the candidate's predictions come from, which its interval is
            no part of; None in records from before this was kept.
        champion_predicts: Likewise of the champion, None before the first.
    """

    candidate: str
    champion: str | None
    champion_number: int | None
    evaluation_set: str
    life_unit: str
    candidate_rmse: float
    champion_rmse: float | None
    constant_rmse: float
    boosting_rmse: float
    incomparable: str | None
    champion_silent: str | None
    lowest_output: float | None
    highest_output: float | None
    onnx_difference: float | None
    units: int
    comparison: tuple[Paired, ...] = ()
    noise: SeedNoise | None = None
    barred: str | None = None
    cap: float | None = None
    candidate_predicts: str | None = None
    champion_predicts: str | None = None

    @property
    def is_in_charge(self) -> bool:
        """Whether the champion makes the candidate's predictions, be it with another interval."""
        if self.candidate == self.champion:
            return True
        return self.champion_predicts is not None and (
            self.candidate_predicts == self.champion_predicts
        )

    @property
    def overall(self) -> Paired | None:
        """Both models on all of the set."""
        return self.comparison[0] if self.comparison else None

    @property
    def slices(self) -> tuple[Paired, ...]:
        """Both models on each protected slice."""
        return self.comparison[1:]

    @property
    def noise_share(self) -> float | None:
        """Spread between seeds as a part of the champion's RMSE."""
        if self.noise is None or self.overall is None:
            return None
        return self.overall.share(self.noise.spread)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        plain = asdict(self) | {"comparison": [asdict(pair) for pair in self.comparison]}
        if self.noise is not None:
            plain["noise"] = {"seeds": list(self.noise.seeds), "rmse": list(self.noise.rmse)}
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Evidence":
        """The inverse of :meth:`to_json`; records from before there was a comparison have none."""
        noise = data.get("noise")
        compared = {
            "life_unit": data.get("life_unit", ""),
            "comparison": tuple(Paired(**pair) for pair in data.get("comparison", ())),
            "noise": noise and SeedNoise(seeds=tuple(noise["seeds"]), rmse=tuple(noise["rmse"])),
        }
        return cls(**{**data, **compared})


def evaluation_set(fleet: Fleet, cuts: Windows) -> str:
    """Hash of the test units' readings and of the points at which they are scored, with the truth.

    New training units leave it as it is; another reading, unit, point or end of life does not.

    Args:
        fleet: The test units.
        cuts: The windows that are scored.
    """
    columns = {f"readings {name}": column for name, column in fleet.readings.items()}
    columns |= {f"cuts {name}": cuts.index[name] for name in ("unit", "life", "rul")}
    return fingerprint({str(name): _bytes(column) for name, column in columns.items()})


def _bytes(column: "pd.Series") -> bytes:
    """Numbers as 64 bits, little-endian; anything else as text."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype="<f8").tobytes()
    return canonical_json([str(value) for value in column])
