"""Plant files in their folder, and the readings that they point to.

Belongs here: finding plant files and what they name, hashing every byte that was used.
Does not belong here: the format of a plant file (``core.plant``), the rules for readings
(``core.readings``), one file's bytes (``plant_tables``), databases (``plant_queries``).
"""

import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rul_platform.core.canonical import sha256
from rul_platform.core.fleet import Fleet
from rul_platform.core.outcomes import NOTHING, Beside
from rul_platform.core.plant import NAME_PATTERN, Plant, parse_plant
from rul_platform.core.plant_sections import FailureTable, FileSource, SqlSource
from rul_platform.core.readings import build_whole_fleet, reading_problems
from rul_platform.core.wording import did_you_mean
from rul_platform.errors import PlantFileError
from rul_platform.storage.plant_queries import find_database, fingerprint, run_query
from rul_platform.storage.plant_tables import read_table


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Bytes that a fleet was made from.

    Attributes:
        name: The plant file's name, ``readings/…`` or ``failures/…`` with the path below the fixed
            part of the pattern, or ``[source] query`` and ``[failure] query``. It holds no absolute
            path, so a folder that moved still gives the same record.
        sha256: Of the file, or of a query's result as CSV with its rows in order.
        size: In bytes.
    """

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PlantData:
    """A plant, its fleet, and everything that was read for it.

    Attributes:
        plant: What its file says.
        fleet: Its histories.
        sources: Every byte that its file names.
        counts: How the plant's own readings came together with what else is known, for people.
    """

    plant: Plant
    fleet: Fleet
    sources: tuple[SourceFile, ...]
    counts: Mapping[str, int | str]


def list_plants(folder: Path) -> tuple[Path, ...]:
    """The plant files of a folder that have a plant's name, by name; empty without the folder."""
    return tuple(path for path in _toml_files(folder) if NAME_PATTERN.fullmatch(path.stem))


def misnamed_plants(folder: Path) -> tuple[Path, ...]:
    """The other ``.toml`` files there: nothing uses them, and a person should know."""
    return tuple(path for path in _toml_files(folder) if not NAME_PATTERN.fullmatch(path.stem))


def load_plant(path: Path) -> Plant:
    """Read and check a plant file.

    Raises:
        PlantFileError: Lists every problem.
    """
    try:
        return parse_plant(path.read_text(encoding="utf-8-sig"), path.stem)
    except PlantFileError as error:
        raise PlantFileError(str(path), error.problems) from error
    except FileNotFoundError as error:
        hint = did_you_mean(path.stem, [p.stem for p in list_plants(path.parent)]) or "."
        problem = f"there is no such plant file{hint} `rul plant init {path.stem}` writes one."
        raise PlantFileError(str(path), [problem]) from error
    except (OSError, UnicodeDecodeError) as error:
        problem = f"cannot be read as UTF-8 text ({error})."
        raise PlantFileError(str(path), [problem]) from error


def read_plant(
    path: Path, *, environ: Mapping[str, str] | None = None, beside: Beside = NOTHING
) -> PlantData:
    """Read a plant file and the readings that it points to.

    Args:
        path: The plant file.
        environ: Where ``url_env`` is looked up; the process environment by default, because the
            plant file alone says which secret it needs, and the secret is used here and nowhere else.
        beside: Landed readings, outcomes and predictions.

    Raises:
        PlantFileError: Lists every problem of the file, or of everything that it points to.
        TooFewUnitsError: Too few units ran to failure.
    """
    plant = load_plant(path)
    secrets = os.environ if environ is None else environ  # noqa: TID251  see environ above
    reader = PlantReader(plant, path.parent, secrets)
    reader.note(path.name, path.read_bytes())
    failures = reader.failures()
    frames = reader.readings()
    if reader.problems:
        raise PlantFileError(str(path), [*reader.problems, *reading_problems(frames, plant)])
    try:
        built = build_whole_fleet(frames, plant, failures, beside)
    except PlantFileError as error:
        raise PlantFileError(str(path), error.problems) from error
    return PlantData(plant, built.fleet, tuple(reader.sources), built.counts)


def read_readings(path: Path, plant: Plant) -> pd.DataFrame:
    """One file of readings with the plant's own column names, not yet checked.

    Raises:
        PlantFileError: The file is no table; says why.
    """
    decimal = plant.source.decimal if isinstance(plant.source, FileSource) else "."
    text = [name for name in (plant.columns.unit, plant.columns.condition) if name]
    problems: list[str] = []
    table = read_table(path.read_bytes(), path.name, text=text, decimal=decimal, problems=problems)
    if table is None:
        raise PlantFileError(str(path), problems)
    return table


class PlantReader:
    """Reads what one plant file points to; keeps the problems and the hashes."""

    def __init__(self, plant: Plant, folder: Path, environ: Mapping[str, str]) -> None:
        self.plant, self.folder, self.environ = plant, folder, environ
        self.problems: list[str] = []
        self.sources: list[SourceFile] = []

    def note(self, name: str, data: bytes) -> None:
        """Remember that ``data`` was used."""
        self.sources.append(SourceFile(name, sha256(data), len(data)))

    def readings(self) -> dict[str, pd.DataFrame]:
        """Tables of readings by their label."""
        match self.plant.source:
            case FileSource(files=pattern):
                columns = self.plant.columns
                text = [name for name in (columns.unit, columns.condition) if name]
                return self._files("source", pattern, "readings", text)
            case SqlSource() as source:
                table = self._query(source, source.query, "[source] query")
                return {} if table is None else {"[source] query": table}

    def failures(self) -> pd.DataFrame | None:
        """The failure table, where the plant has one."""
        rule = self.plant.failure
        if not isinstance(rule, FailureTable):
            return None
        if rule.query and isinstance(self.plant.source, SqlSource):
            return self._query(self.plant.source, rule.query, "[failure] query")
        tables = self._files("failure", rule.files or "", "failures", [rule.unit])
        if len(tables) > 1:
            self.problems.append(
                f"[failure] files: found {len(tables)} files, but must be one: {', '.join(tables)}."
            )
        return next(iter(tables.values()), None)

    def _files(
        self, section: str, pattern: str, kind: str, text: list[str]
    ) -> dict[str, pd.DataFrame]:
        tables: dict[str, pd.DataFrame] = {}
        for label, path in self.matched(section, pattern, kind).items():
            table = self._file(path, label, kind, text)
            if table is not None:
                tables[label] = table
        return tables

    def matched(self, section: str, pattern: str, kind: str) -> dict[str, Path]:
        """The files of a pattern by their label."""
        root = fixed_part(self.folder, pattern)
        paths = match_files(self.folder, pattern)
        if kind == "readings" and isinstance(self.plant.failure, FailureTable):
            table = set(match_files(self.folder, self.plant.failure.files or ""))
            paths = [path for path in paths if path not in table]
        if not paths:
            there = "which holds no such file" if root.is_dir() else "which does not exist"
            self.problems.append(
                f"[{section}] files: {pattern!r} matches nothing; looked below {root}, {there}."
            )
        return {path.relative_to(root).as_posix(): path for path in paths}

    def _file(self, path: Path, label: str, kind: str, text: list[str]) -> pd.DataFrame | None:
        source = self.plant.source
        decimal = source.decimal if isinstance(source, FileSource) else "."
        try:
            data = path.read_bytes()
        except OSError as error:
            self.problems.append(f"{label}: cannot be read ({error.strerror}).")
            return None
        self.note(f"{kind}/{label}", data)
        found: list[str] = []
        table = read_table(data, label, text=text, decimal=decimal, problems=found)
        self.problems += [f"{label}: {problem}" for problem in found]
        return table

    def _query(self, source: SqlSource, query: str, key: str) -> pd.DataFrame | None:
        found: list[str] = []
        url = find_database(source, self.folder, self.environ, found)
        table = None if url is None else run_query(url, query, found)
        prefix = f"{key}: " if url is not None else ""
        self.problems += [p for f in found if (p := prefix + f) not in self.problems]
        if table is not None:
            self.sources.append(SourceFile(key, *fingerprint(table)))
        return table


def match_files(folder: Path, pattern: str) -> list[Path]:
    """Files that a pattern of a plant file in ``folder`` names, in the order of their paths."""
    if not pattern:
        return []
    full = str(Path(glob.escape(str(folder))) / pattern)
    found = glob.glob(full, recursive=True)  # noqa: PTH207  Path.glob refuses an absolute pattern
    return sorted({Path(name) for name in found if Path(name).is_file()})


def fixed_part(folder: Path, pattern: str) -> Path:
    """The folders of a pattern before its first wildcard; a file's path below them names its unit."""
    root = folder
    for part in Path(pattern).parent.parts:
        if glob.has_magic(part):
            break
        root = root / part
    return root


def _toml_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.toml") if p.is_file() and not p.name.startswith("."))
