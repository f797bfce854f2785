"""Options that a notebook gives, checked before anything is built.

Belongs here: what each must be, all problems told at once. Does not belong here: arrays
(``core.arrays``), what the options do (``transfer_learning``).
"""

import math
from collections.abc import Collection, Mapping
from numbers import Integral, Real
from typing import Any, get_args

from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.plant_sections import LifeUnit
from rul_platform.core.terms import scaler_fingerprint
from rul_platform.errors import OptionsError

LIFE_UNITS: tuple[str, ...] = get_args(LifeUnit)

LARGEST_SEED = 2**32 - 1
"""What every generator of random numbers here takes."""


def require_model(
    *,
    architecture: object,
    channels: object,
    cap: object,
    hidden_size: object,
    seed: object,
    life_unit: object = None,
    scaler: object = None,
) -> None:
    """Refuse what no network can be built from.

    Raises:
        OptionsError: Lists every option that does not fit.

    >>> require_model(architecture="rnn", channels=["a", "a"], cap=-3, hidden_size=8, seed=0)
    Traceback (most recent call last):
    rul_platform.errors.OptionsError: Options of RulModel do not fit; nothing was started.
      - architecture: found 'rnn', expected lstm, gru or tcn
      - channels: found ['a', 'a'], expected a list of names, each once
      - cap: found -3, expected a number above 0
    """
    names: list[object] = []
    if isinstance(channels, Collection) and not isinstance(channels, str):
        names = list(channels)
    are_names = bool(names) and all(isinstance(name, str) and name for name in names)
    known = f"{', '.join(ARCHITECTURES[:-1])} or {ARCHITECTURES[-1]}"
    _refuse(
        "RulModel",
        {
            "architecture": (architecture, known, architecture in ARCHITECTURES),
            "channels": (
                channels,
                "a list of names, each once",
                are_names and len(set(names)) == len(names),
            ),
            "cap": (cap, "a number above 0", _is_between(cap, 0, math.inf)),
            "hidden_size": (hidden_size, "a whole number from 1", _is_whole(hidden_size, 1)),
            "seed": _seed(seed),
            "life_unit": (
                life_unit,
                f"{', '.join(LIFE_UNITS[:-1])} or {LIFE_UNITS[-1]}",
                life_unit is None or life_unit in LIFE_UNITS,
            ),
            "scaler": (
                scaler,
                "a fingerprint, or plain names, numbers and lists (array.tolist())",
                _is_scaler(scaler),
            ),
        },
    )


def require_training(
    *, epochs: object, learning_rate: object, batch_size: object, validation: object, seed: object
) -> None:
    """Refuse what no training can go by.

    Raises:
        OptionsError: Lists every option that does not fit.
    """
    _refuse(
        "Training",
        {
            "epochs": (epochs, "a whole number from 1", _is_whole(epochs, 1)),
            "learning_rate": (
                learning_rate,
                "a number above 0",
                _is_between(learning_rate, 0, math.inf),
            ),
            "batch_size": (batch_size, "a whole number from 1", _is_whole(batch_size, 1)),
            "validation": (
                validation,
                "a share between 0 and 1, neither of them",
                _is_between(validation, 0, 1),
            ),
            "seed": _seed(seed),
        },
    )


def fingerprints_of(scaler: str | Mapping[str, Any] | None) -> tuple[str, ...]:
    """Of what scaled samples, given by its fingerprint or by its numbers; none where nobody says."""
    if scaler is None:
        return ()
    return (scaler if isinstance(scaler, str) else scaler_fingerprint(scaler),)


def _seed(seed: object) -> tuple[object, str, bool]:
    return seed, f"a whole number from 0 to {LARGEST_SEED}", _is_whole(seed, 0, LARGEST_SEED)


def _is_scaler(scaler: object) -> bool:
    """Nothing, a name, or what has a fingerprint."""
    if not isinstance(scaler, Mapping):
        return scaler is None or (isinstance(scaler, str) and bool(scaler))
    try:
        scaler_fingerprint(scaler)
    except (TypeError, ValueError):
        return False
    return True


def _is_whole(value: object, least: int, most: float = math.inf) -> bool:
    return (
        isinstance(value, Integral) and not isinstance(value, bool) and least <= int(value) <= most
    )


def _is_between(value: object, low: float, high: float) -> bool:
    """Both ends excluded; NaN is nowhere."""
    return isinstance(value, Real) and not isinstance(value, bool) and low < float(value) < high


def _refuse(what: str, options: Mapping[str, tuple[object, str, bool]]) -> None:
    """Options by name: what was found, what is expected, and whether it fits."""
    problems = [
        f"{name}: found {found!r}, expected {expected}"
        for name, (found, expected, fits) in options.items()
        if not fits
    ]
    if problems:
        raise OptionsError(what, problems)
