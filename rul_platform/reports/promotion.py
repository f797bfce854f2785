"""The promotion gate's answer in plain words: the verdict, its reasons, and what they rest on.

Belongs here: sentences and the table about candidate and champion. Does not belong here: the rule
(``core.gate``), layout (``html``).
"""

from dataclasses import dataclass

from rul_platform.core.gate import HOLD, IN_CHARGE, PROMOTE, REJECT, Verdict
from rul_platform.core.gate_evidence import Evidence
from rul_platform.core.gate_statistics import CONFIDENCE, MIN_SLICE_UNITS, Paired
from rul_platform.reports.numbers import percent, plain, signed
from rul_platform.reports.tables import Cell, Table, Tone

_MEANING: dict[str, tuple[Tone, str]] = {
    PROMOTE: ("good", "Nothing speaks against putting this model in charge."),
    HOLD: ("open", "The champion stays in charge until a person approves this model."),
    REJECT: ("bad", "The champion stays in charge."),
    IN_CHARGE: ("good", "Nothing changes."),
}


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a report says of the gate.

    Attributes:
        verdict: In one word.
        tone: Of the verdict.
        meaning: What follows from it.
        reasons: Why, as whole sentences.
        noise: How much the seed alone changes, as a sentence; empty where it was not measured.
        table: Candidate and champion on all of the test set and on its slices; None without a champion.
    """

    verdict: str
    tone: Tone
    meaning: str
    reasons: tuple[str, ...]
    noise: str
    table: Table | None


def promotion(verdict: Verdict) -> Promotion:
    """The gate's answer, ready to be shown."""
    tone, meaning = _MEANING[verdict.verdict]
    if verdict.verdict == REJECT and verdict.evidence.champion is None:
        meaning = "The plant stays without a model."
    return Promotion(
        verdict=verdict.verdict,
        tone=tone,
        meaning=meaning,
        reasons=tuple(f"{reason[:1].upper()}{reason[1:]}." for reason in verdict.reasons),
        noise=noise_sentence(verdict.evidence),
        table=comparison_with_champion(verdict.evidence) if verdict.evidence.comparison else None,
    )


def noise_sentence(evidence: Evidence) -> str:
    """What other seeds of the same recipe score, beside the gain; empty where it was not measured."""
    overall, share = evidence.overall, evidence.noise_share
    if evidence.noise is None or overall is None or share is None:
        return ""
    scores = ", ".join(plain(rmse) for rmse in evidence.noise.rmse)
    return (
        f"Trained {len(evidence.noise.rmse)} times with nothing but another seed, this recipe scores "
        f"RMSE {scores} {evidence.life_unit}: a standard deviation of "
        f"{plain(evidence.noise.spread)} {evidence.life_unit}, {100 * share:.1f}\N{NO-BREAK SPACE}% of "
        f"the champion's RMSE, beside a gain of {_share(overall, overall.saved)}. A gain of the size of "
        f"that deviation can be the luck of a seed; the verdict does not count it."
    )


def comparison_with_champion(evidence: Evidence) -> Table:
    """All of the test set first, then each protected slice."""
    columns = (
        "Part of the test set", "Units", "Candidate RMSE", "Champion RMSE", "RMSE saved",
        "At least", "At most", "Judgement",
    )  # fmt: skip
    return Table(
        f"Candidate and champion on the same predictions, in {evidence.life_unit}; each bound of the "
        f"saving is one-sided, {percent(CONFIDENCE)}, over units",
        columns,
        tuple(_row(pair) for pair in evidence.comparison),
        marked=0,
    )


def _row(pair: Paired) -> tuple[Cell, ...]:
    return (
        Cell(pair.name),
        Cell(str(pair.units)),
        Cell(plain(pair.candidate)),
        Cell(plain(pair.champion)),
        Cell(signed(pair.saved), _share(pair, pair.saved)),
        Cell(signed(pair.low), _share(pair, pair.low)),
        Cell(signed(pair.high), _share(pair, pair.high)),
        _judgement(pair),
    )


def _judgement(pair: Paired) -> Cell:
    if not pair.is_judged:
        return Cell(f"fewer than {MIN_SLICE_UNITS} units", tone="open")
    if pair.is_better:
        return Cell("better", tone="good")
    return Cell("worse", tone="bad") if pair.is_worse else Cell("undecided", tone="open")


def _share(pair: Paired, amount: float | None) -> str:
    """As a part of the champion's RMSE; empty where that is not known."""
    share = pair.share(amount)
    return "" if share is None else f"{signed(100 * share)}\N{NO-BREAK SPACE}%"
