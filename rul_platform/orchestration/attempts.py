"""Which approaches one training tries: all that are worth it, or those that its last choice left.

Belongs here: the names. Does not belong here: which of them is best (``core.selection``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rul_platform.core.approaches import BEGIN_WITH_NOTHING, FROM_CHAMPION, REFERENCES, ZERO_SHOT
from rul_platform.errors import OptionsError
from rul_platform.orchestration.finetuning_config import (
    ApproachName,
    FinetunedModelConfig,
    StartName,
)

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.transfer.approaches import Setting

NOT_FROM_CHAMPION = "not_from_champion"
"""Key of the remark why no network of the champion goes on learning."""

NOT_AS_IT_IS = "not_zero_shot"
"""Key of the remark why the pretrained network is not tried as it is."""

GROWTH = 1.5
"""A retrain keeps the champion's approach until the plant has so many times the units of the last full
choice: the ranking of approaches follows the number of units, and a full choice costs three times as
much (docs/experiments.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What is tried.

    Attributes:
        names: Approaches that begin with the pretrained network, or with nothing.
        from_champion: Approaches that begin with the champion's networks.
        only: Names that may be chosen; empty: all.
        chosen_at: How many units the plant had at the last full choice; None where there was none.
        remarks: Why something that could have been tried is not, by what it is.
    """

    names: tuple[str, ...]
    from_champion: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    chosen_at: int | None = None
    remarks: Mapping[str, str] = field(default_factory=dict[str, str])


def attempts(
    config: FinetunedModelConfig,
    setting: "Setting",
    *,
    units: int,
    champion: Mapping[str, Any] | None,
) -> Attempts:
    """What to try.

    Args:
        config: What was asked for.
        setting: What there is to learn from; with networks of the champion where they fit.
        units: How many units may teach.
        champion: Card of the model in charge, where its weights were asked for; None otherwise.

    Raises:
        OptionsError: The approach that was asked for needs what this plant does not have.
    """
    from rul_platform.learning.transfer.approaches import available

    can = available(setting)
    references = tuple(name for name in REFERENCES if name in can)
    asked = config.approach.approach
    if asked is not None and asked not in can:
        needs = _needs(asked, setting)
        found = f"approach {config.approach.value} needs what this plant lacks: {needs}; "
        raise OptionsError("finetuned_model", [f"{found}possible here: {', '.join(can)}"])
    kept, chosen_at = _kept(config, champion, can, units)
    on, remarks = _going_on(setting, asked or (champion or {}).get("approach"), can)
    if asked is not None or kept is not None:
        names = _once(references, (asked or kept or "",))
    else:
        names, chosen_at = _wide(config, setting), units
    return Attempts(
        names=names,
        from_champion=on,
        only=_only(config, asked, on),
        chosen_at=chosen_at,
        remarks=remarks | _as_it_is(setting),
    )


def _going_on(
    setting: "Setting", approach: str | None, can: tuple[str, ...]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The approach by which the champion's networks go on learning, or why none does."""
    if setting.start is None or approach is None:
        return (), {}
    if approach in BEGIN_WITH_NOTHING:
        return (), {NOT_FROM_CHAMPION: f"{approach} begins with nothing, whoever is in charge"}
    return ((approach,) if approach in can else ()), {}


def _as_it_is(setting: "Setting") -> dict[str, str]:
    """Why a network that knows the plant's channels is not tried as it is, where that is so."""
    why, knows = setting.foreign_answers, set(setting.checkpoint.channels)
    return {} if why is None or not knows.issuperset(setting.channels) else {NOT_AS_IT_IS: why}


def _kept(
    config: FinetunedModelConfig,
    champion: Mapping[str, Any] | None,
    can: tuple[str, ...],
    units: int,
) -> tuple[str | None, int | None]:
    """The champion's approach where it is not time to choose again, and when it was chosen."""
    then = (champion or {}).get("chosen_at")
    if champion is None or then is None or champion["approach"] not in can:
        return None, then
    is_time = config.approach is not ApproachName.best or units >= GROWTH * then
    return (None if is_time else champion["approach"]), then


def _wide(config: FinetunedModelConfig, setting: "Setting") -> tuple[str, ...]:
    from rul_platform.learning.transfer.approaches import available, default_approaches

    is_all = config.approach is ApproachName.best_of_all
    return available(setting) if is_all else default_approaches(setting)


def _only(config: FinetunedModelConfig, asked: str | None, on: tuple[str, ...]) -> tuple[str, ...]:
    """Names that may be chosen, where a person has narrowed them."""
    going_on = tuple(name + FROM_CHAMPION for name in on)
    if config.start is StartName.champion and going_on:
        return going_on
    return () if asked is None else (asked, *going_on)


def _once(*parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))


def _needs(asked: str, setting: "Setting") -> str:
    if asked != ZERO_SHOT:
        return "source units with its very channels"
    if setting.foreign_answers is None:
        return "a pretrained network that knows all of its channels"
    return f"a pretrained network with its label cap and unit of life ({setting.foreign_answers})"
