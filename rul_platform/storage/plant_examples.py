"""Plants to begin with: a fleet of turbofans, filters on a rig, simulated pumps, a line of pumps.

Belongs here: writing an example's data and plant file into a folder.
Does not belong here: where NASA's archive comes from (``cmapss_source``), how pumps wear
(``core.simulated_pumps``).

Each example's plant file stands in ``examples/`` and says what the data is and why each value was
chosen. Data is written first and the plant file last, so a plant appears only when it is complete. To
write an example again changes nothing: damaged data files are repaired, and a plant file that a
person has edited stays as it is.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from rul_platform.core.cmapss import parse_cycles
from rul_platform.core.columns import CYCLE, INFORMATIVE, UNIT
from rul_platform.core.examples import FILTERS, FLEET, PUMP_LINE, PUMPS
from rul_platform.core.simulated_line import past_pumps
from rul_platform.core.simulated_pumps import simulate_pumps
from rul_platform.errors import ArchiveError
from rul_platform.storage.plain_files import write_new, write_whole
from rul_platform.storage.zips import Zip

FLEET_ENGINES = 20

FILTER_SAMPLES = {
    "Training/Small": range(1, 13),
    "Validation/Small": range(13, 17),
    "Training/Large": range(33, 45),
    "Validation/Large": range(45, 49),
}
"""Which samples the challenge gave for training and for validation, by particle size."""


def write_fd003_fleet(folder: Path, train_text: bytes, *, name: str = FLEET) -> Path:
    """Twenty turbofans as a customer would keep them: one CSV file for each.

    Args:
        folder: Of the plant files.
        train_text: Bytes of ``train_FD003.txt``.
        name: The plant's name.

    Returns:
        The plant file.

    Raises:
        MalformedRowError: The text is not a C-MAPSS file.
        StoreFullError: The disk has no room.
    """
    cycles = parse_cycles(train_text, "train_FD003.txt")
    files: dict[str, bytes] = {}
    for engine in _evenly_spaced(cycles[UNIT.name].to_numpy()):
        unit = f"engine-{engine:03d}"
        rows = cycles.loc[cycles[UNIT.name] == engine, [CYCLE.name, *INFORMATIVE]]
        table = rows.assign(engine=unit).set_index("engine").reset_index()
        files[f"{unit}.csv"] = table.to_csv(index=False, lineterminator="\n").encode()
    return _write_example(folder, FLEET, name, files)


def write_filters(folder: Path, source: Path, *, name: str = FILTERS) -> Path:
    """The 32 filters of the PHM Europe 2020 challenge.

    Args:
        folder: Of the plant files.
        source: The challenge's zip, or a folder that holds its files at any depth.
        name: The plant's name.

    Returns:
        The plant file.

    Raises:
        ArchiveError: A file is missing, stands there twice, or is damaged.
        StoreFullError: The disk has no room.
    """
    wanted = {
        f"{group}/Sample{number:02d}.csv": f"Sample{number:02d}.csv"
        for group, numbers in FILTER_SAMPLES.items()
        for number in numbers
    }
    if source.is_dir():
        files = {path: _only_file(source, base_name) for path, base_name in wanted.items()}
    else:
        with Zip(source) as archive:
            files = {path: archive.read(base_name) for path, base_name in wanted.items()}
    return _write_example(folder, FILTERS, name, files)


def write_simulated_pumps(folder: Path, *, name: str = PUMPS) -> Path:
    """Pumps that the platform makes up; needs no data.

    Args:
        folder: Of the plant files.
        name: The plant's name.

    Returns:
        The plant file.

    Raises:
        StoreFullError: The disk has no room.
    """
    return _write_pumps(folder, PUMPS, name, *simulate_pumps())


def write_pump_line(folder: Path, *, seed: int, name: str) -> Path:
    """The past of a simulated line of pumps: enough machines for the gate's statistics.

    Args:
        folder: Of the plant files.
        seed: Another seed gives other pumps.
        name: The plant's name.

    Returns:
        The plant file.

    Raises:
        StoreFullError: The disk has no room.
    """
    return _write_pumps(folder, PUMP_LINE, name, *past_pumps(seed))


def _write_pumps(
    folder: Path, example: str, name: str, readings: pd.DataFrame, failures: pd.DataFrame
) -> Path:
    files = {
        "readings.csv": readings.to_csv(index=False, lineterminator="\n").encode(),
        "failures.csv": failures.to_csv(index=False, lineterminator="\n").encode(),
    }
    return _write_example(folder, example, name, files)


def _write_example(folder: Path, example: str, name: str, files: Mapping[str, bytes]) -> Path:
    """Data below a folder with the plant's name, then the plant file beside it."""
    for path, data in files.items():
        write_whole(folder / name / path, data)
    shipped = resources.files("rul_platform.storage") / "examples" / f"{example}.toml"
    text = shipped.read_text(encoding="utf-8").replace(f'"{example}/', f'"{name}/')
    plant_file = folder / f"{name}.toml"
    write_new(plant_file, text.encode())
    return plant_file


def _evenly_spaced(engines: np.ndarray) -> list[int]:
    """Twenty engines of all, at equal distances: 5, 10, ... 100 of a hundred."""
    numbers = np.unique(engines)
    last = np.arange(1, FLEET_ENGINES + 1) * len(numbers) // FLEET_ENGINES
    return [int(number) for number in numbers[np.unique(np.maximum(last, 1)) - 1]]


def _only_file(folder: Path, base_name: str) -> bytes:
    """Bytes of the one file with this name, at any depth."""
    found = sorted(folder.rglob(base_name))
    if len(found) != 1:
        problem = f"{len(found)} files are called {base_name}, one is expected"
        raise ArchiveError(str(folder), problem)
    return found[0].read_bytes()
