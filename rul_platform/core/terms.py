"""On what terms a network learned: what the numbers that it takes and gives mean.

Two networks of one shape can mean different things by the same number: labels and answers are in units
of the label cap, and readings in spreads of a scaler. A checkpoint says with which of them it learned,
so that whoever goes on from it is told what is different.

Belongs here: those facts, and how they differ. Does not belong here: which weights fit
(``learning.transfer.finetuning``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.core.preparation import Preparation

CAP, LIFE_UNIT, WINDOW, SCALER = "cap", "life_unit", "window", "scaler"
"""Names of the differences, as remarks have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is known of it; what is not known differs from nothing.

    Attributes:
        cap: Label cap, in ``life_unit``.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
        window: W, in readings.
        scalers: Fingerprints of the scalers of all that it learned from; none: not known. A network that
            learned on several subsets has several, and has learned the scale of each.
    """

    cap: float | None = None
    life_unit: str | None = None
    window: int | None = None
    scalers: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, of what is known only."""
        found = {CAP: self.cap, LIFE_UNIT: self.life_unit, WINDOW: self.window}
        known = {name: value for name, value in found.items() if value is not None}
        return known | ({"scalers": list(self.scalers)} if self.scalers else {})

    def differences(self, here: "Terms") -> dict[str, str]:
        """What is different ``here``, by name, in words about the network that learned on these terms.

        >>> Terms(cap=125.0, window=30).differences(Terms(cap=125.0, window=20))
        {'window': 'it learned from windows of 30 readings, here they have 20'}
        """
        found: dict[str, str] = {}
        if _differ(self.cap, here.cap):
            found[CAP] = (
                f"it learned with a label cap of {self.cap:g}, here the cap is {here.cap:g}: as it is, "
                f"it answers in units of the other cap"
            )
        if _differ(self.life_unit, here.life_unit):
            found[LIFE_UNIT] = f"it learned in {self.life_unit}, here life is in {here.life_unit}"
        if _differ(self.window, here.window):
            found[WINDOW] = (
                f"it learned from windows of {self.window} readings, here they have {here.window}"
            )
        if self.scalers and not set(here.scalers) <= set(self.scalers):
            found[SCALER] = (
                "it learned from sensors on another scale, here their own statistics scale them: "
                "equal numbers are other readings"
            )
        return found

    def foreign_answers(self, here: "Terms") -> str | None:
        """Why its answers mean something else ``here`` until it has learned on; None where they do not.

        Answers cannot be converted: the channel that says how long a machine has run is in units of the
        cap too (``core.features``), and a lower cap hid what lies between the two.
        """
        other = self.differences(here)
        return "; ".join(other[name] for name in (CAP, LIFE_UNIT) if name in other) or None


UNKNOWN = Terms()


def terms_of(*prepared: Preparation) -> Terms:
    """On what terms a network learns from windows that are cut alike, each with a scaler of its own."""
    first = prepared[0]
    units = {each.life_unit for each in prepared}
    return Terms(
        cap=float(first.cap),
        life_unit=units.pop() if len(units) == 1 else None,
        window=first.window,
        scalers=tuple(sorted({scaler_fingerprint(each.scaler.to_json()) for each in prepared})),
    )


def scaler_fingerprint(scaler: Mapping[str, Any]) -> str:
    """Hash of a scaler's plain numbers: equal ones have equal hashes.

    Raises:
        TypeError: Something in it is no plain value, such as an array.
        ValueError: A number is NaN or infinite.
    """
    return sha256(canonical_json(dict(scaler)))


def _differ(then: object, now: object) -> bool:
    return then is not None and now is not None and then != now
