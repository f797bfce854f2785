"""Simulated turbofans that run to failure, in NASA's file format: the subset ``SIM``.

Belongs here: a small stand-in for C-MAPSS, for machines without a network and for quick tests.
Does not belong here: anything that could be taken for NASA's data. What is learned on ``SIM`` says
so in its metadata and reports.

An engine is healthy until a random cycle, then wears exponentially until it fails at wear 1. Each
sensor is its base value, an offset of this engine, a drift in proportion to the wear, and noise. The
numbers in ``_SENSORS`` were measured on train_FD001: base and offsets on the first 40 cycles, noise
on their differences, drift between them and the last five cycles.

Shape letters: C cycles of one engine.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.cmapss import SIMULATED, file_names
from rul_platform.core.columns import SENSORS
from rul_platform.errors import SettingsError

LIFE_CYCLES = (130, 360)
"""Shortest and longest life, in cycles; train_FD001 has 128 to 362, with a mean of 206."""

MOST_RUL_CYCLES = 150
"""A test engine is cut off at most this many cycles before failure; RUL_FD001 goes up to 145."""

LEAST_RUL_CYCLES = 7
"""And at least this many, where its life allows; the least of RUL_FD001."""


@dataclass(frozen=True, slots=True)
class _Sensor:
    """How one sensor behaves, in its own unit.

    Attributes:
        base: Mean over the fleet when new.
        offset: Standard deviation of the engines' own means when new.
        noise: Standard deviation of one reading.
        drift: Mean change from new to failure.
        core: Change from new to failure per unit of the engine's core-speed response, which may go
            either way: in FD001 the core spins up in most engines and down in others.
        decimals: Digits after the point in NASA's files.
    """

    base: float
    offset: float = 0.0
    noise: float = 0.0
    drift: float = 0.0
    core: float = 0.0
    decimals: int = 2


_SENSORS = {
    "T2": _Sensor(518.67),
    "T24": _Sensor(642.39, 0.23, 0.30, 1.28),
    "T30": _Sensor(1586.97, 2.40, 4.01, 15.3),
    "T50": _Sensor(1402.88, 4.47, 3.97, 26.0),
    "P2": _Sensor(14.62),
    "P15": _Sensor(21.6096, 0.0006, 0.0019, 0.0004),
    "P30": _Sensor(553.94, 0.48, 0.41, -2.44),
    "Nf": _Sensor(2388.06, 0.046, 0.031, 0.173),
    "Nc": _Sensor(9056.15, 7.31, 4.22, 41.8, core=53.5),
    "epr": _Sensor(1.3),
    "Ps30": _Sensor(47.36, 0.147, 0.101, 0.784),
    "phi": _Sensor(521.90, 0.40, 0.30, -2.09),
    "NRf": _Sensor(2388.06, 0.047, 0.030, 0.176),
    "NRc": _Sensor(8137.39, 7.42, 3.11, 29.5, core=48.1),
    "BPR": _Sensor(8.4188, 0.0177, 0.0201, 0.1016, decimals=4),
    "farB": _Sensor(0.03),
    "htBleed": _Sensor(392.28, 0.66, 0.93, 3.96, decimals=0),
    "Nf_dmd": _Sensor(2388.0, decimals=0),
    "PCNfR_dmd": _Sensor(100.0),
    "W31": _Sensor(38.93, 0.085, 0.101, -0.484),
    "W32": _Sensor(23.3581, 0.0511, 0.0613, -0.2881, decimals=4),
}

_ROW_FORMAT = "%d %d %.4f %.4f %.1f " + " ".join(
    f"%.{_SENSORS[sensor.name].decimals}f" for sensor in SENSORS
)


def simulate(
    seed: int,
    train_engines: int = 60,
    test_engines: int = 40,
    life_cycles: tuple[int, int] = LIFE_CYCLES,
) -> dict[str, bytes]:
    """The three files of the subset ``SIM``.

    An engine depends on the seed and on its number alone: more engines leave the first ones alike.

    Args:
        seed: From 0. The same seed gives the same bytes.
        train_engines: Engines that are recorded until they fail.
        test_engines: Engines whose record is cut off earlier.
        life_cycles: Shortest and longest life, in cycles; the shortest from 4.

    Returns:
        File name to bytes: ``train_SIM.txt``, ``test_SIM.txt`` and ``RUL_SIM.txt``.

    Raises:
        SettingsError: There would be no engine to train or test, or no life to cut.

    >>> files = simulate(seed=0, train_engines=2, test_engines=1, life_cycles=(4, 6))
    >>> list(files)
    ['train_SIM.txt', 'test_SIM.txt', 'RUL_SIM.txt']
    """
    _check(seed, train_engines, test_engines, life_cycles)
    of_training, of_test = np.random.SeedSequence(seed).spawn(2)
    trained = [
        _engine(np.random.default_rng(s), life_cycles) for s in of_training.spawn(train_engines)
    ]
    tested = [
        _cut_engine(np.random.default_rng(s), life_cycles) for s in of_test.spawn(test_engines)
    ]
    train, test, rul = file_names(SIMULATED)
    return {
        train: _text(trained),
        test: _text([rows for rows, _ in tested]),
        rul: "".join(f"{rul_cycles} \n" for _, rul_cycles in tested).encode(),
    }


def _check(seed: int, train_engines: int, test_engines: int, life_cycles: tuple[int, int]) -> None:
    """Refuse what cannot be simulated."""
    for key, value, least in (
        ("seed", seed, 0),
        ("train_engines", train_engines, 1),
        ("test_engines", test_engines, 1),
        ("life_cycles", life_cycles[0], 4),
    ):
        if value < least:
            raise SettingsError(key, found=str(value), expected=f"{least} or more")
    if life_cycles[1] < life_cycles[0]:
        raise SettingsError(
            "life_cycles", found=str(life_cycles), expected="the shortest life, then the longest"
        )


def _engine(rng: np.random.Generator, life_cycles: tuple[int, int]) -> NDArray[np.float64]:
    """All cycles of one engine until it fails, shape ``(C, 24)``: three settings, 21 sensors."""
    shortest, longest = life_cycles
    life = shortest + round((longest - shortest) * rng.beta(2.0, 4.0))  # mean 207 as in FD001
    wear = _wear(rng, life)
    severity = np.clip(rng.normal(1.0, 0.15), 0.6, 1.4)
    core = rng.normal()
    columns = [rng.normal(0.0, 0.0022, life), rng.normal(0.0, 0.0003, life), np.full(life, 100.0)]
    for column in SENSORS:
        sensor = _SENSORS[column.name]
        new = sensor.base + rng.normal(0.0, sensor.offset)
        drift = sensor.drift * severity + sensor.core * core
        columns.append(new + drift * wear + rng.normal(0.0, sensor.noise, life))
    return np.stack(columns, axis=1)


def _wear(rng: np.random.Generator, life: int) -> NDArray[np.float64]:
    """Wear at each cycle, shape ``(C,)``: 0 until a random onset, 1 at the last cycle."""
    onset = rng.uniform(0.1, 0.5)
    rate = rng.uniform(2.0, 3.5)
    elapsed = np.clip((np.arange(1, life + 1) / life - onset) / (1 - onset), 0.0, 1.0)
    return np.expm1(rate * elapsed) / np.expm1(rate)


def _cut_engine(
    rng: np.random.Generator, life_cycles: tuple[int, int]
) -> tuple[NDArray[np.float64], int]:
    """The first cycles of one engine, at least a quarter of its life, and its RUL in cycles."""
    rows = _engine(rng, life_cycles)
    most = min(MOST_RUL_CYCLES, 3 * len(rows) // 4)
    rul_cycles = int(rng.integers(min(LEAST_RUL_CYCLES, most), most, endpoint=True))
    return rows[: len(rows) - rul_cycles], rul_cycles


def _text(engines: list[NDArray[np.float64]]) -> bytes:
    """Engines numbered from 1, in NASA's spacing: two blanks and a line feed end each row."""
    lines = (
        _ROW_FORMAT % (number, cycle, *row)
        for number, rows in enumerate(engines, start=1)
        for cycle, row in enumerate(rows.tolist(), start=1)
    )
    return "".join(f"{line}  \n" for line in lines).encode()
