"""Making a long plant's readings part by part, so that a killed build goes on where it stopped.

Three passes: the files are read into sorted runs; the runs are merged and looked at, to know how each
unit's history ends; they are merged again, cut, resampled and stored in parts. A run is a step of the
journal, and so is a part. Peak memory does not depend on how many readings there are.

Belongs here: the order of the passes. Does not belong here: what is computed in them (``core``), finding
files (``long_plant``), where the journal is (``builds``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.core.expression import parse_expression
from rul_platform.core.failures import listed
from rul_platform.core.history_ends import HistoryEnds
from rul_platform.core.landed_rows import LandedRows
from rul_platform.core.long_fleet import PIECE_ROWS
from rul_platform.core.numbered_names import Names
from rul_platform.core.outcomes import Beside
from rul_platform.core.parquet import to_parquet
from rul_platform.core.parts import PART_ROWS, in_parts, part_name
from rul_platform.core.plant import Plant
from rul_platform.core.plant_sections import FailureTable, FileSource, Threshold
from rul_platform.core.reading_parts import Cutter
from rul_platform.core.reading_survey import Survey
from rul_platform.core.readings import PLACE, by_problem, stands_twice, tidy
from rul_platform.core.sorted_runs import Rows, Run, merge
from rul_platform.errors import PlantFileError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.builds import Build
from rul_platform.storage.manifests import FileEntry
from rul_platform.storage.run_files import digest, read_run, write_run
from rul_platform.storage.source_blocks import Identity, blocks
from rul_platform.storage.stored_fleet import READINGS
from rul_platform.storage.window_build import Told

RUN_ROWS = 2**20
"""Readings that are sorted together."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a long plant's readings are made from.

    Attributes:
        plant: What its file says.
        files: By label: path, and what was found there when it was hashed.
        failures: The failure table, where ``[failure]`` asks for one.
        beside: Landed readings, outcomes and predictions.
    """

    plant: Plant
    files: Mapping[str, tuple[Path, Identity]]
    failures: pd.DataFrame | None
    beside: Beside

    @property
    def beside_sha256(self) -> str:
        """Of everything that is not in the files, and may change between two attempts."""
        table = self.beside.landed.to_json(orient="split", double_precision=15)
        told = self.beside.told
        lives = [
            dict(each)
            for each in (
                told.failed_at, told.ended_at, told.running_at, told.promised, told.ran_until,
            )
        ]  # fmt: skip
        failures = "" if self.failures is None else self.failures.to_json(double_precision=15)
        return sha256(canonical_json([table, failures, *lives]))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is done at once; none of it changes a byte of the result but ``part_rows``."""

    run_rows: int = RUN_ROWS
    piece_rows: int = PIECE_ROWS
    part_rows: int = PART_ROWS


USUAL = Sizes()


@dataclass(frozen=True, slots=True)
class BuiltReadings:
    """What was made.

    Attributes:
        files: The parts of the readings, by name.
        units: As of a fleet.
        conditions: Labels of the operating conditions, sorted.
        counts: How the readings came together, for people.
    """

    files: dict[str, FileEntry]
    units: pd.DataFrame
    conditions: tuple[str, ...]
    counts: dict[str, int | str]


def build_readings(
    store: ArtifactStore,
    work: Build,
    sources: Sources,
    *,
    told: Told | None = None,
    sizes: Sizes = USUAL,
) -> BuiltReadings:
    """Make what of a long plant's readings is not there yet: those of ``readings.build_whole_fleet``.

    Args:
        store: Where parts are kept.
        work: The journal; what it tells of and is still there is not made again.
        sources: What to make them from.
        told: Told how many readings of how many were seen, first or last.
        sizes: How much to do at once.

    Raises:
        PlantFileError: Lists problems; of each file those of the first block that has any.
        TooFewUnitsError: Too few units ran to failure.
        SourceChangedError: A file was written to while it was read.
    """
    return _ReadingBuild(store, work, sources, told, sizes).build()


@dataclass(slots=True)
class _ReadingBuild:
    store: ArtifactStore
    work: Build
    sources: Sources
    told: Told | None
    sizes: Sizes
    units: Names = field(default_factory=Names)
    conditions: Names = field(default_factory=Names)
    labels: list[str] = field(init=False)
    seen: int = 0

    def build(self) -> BuiltReadings:
        """All passes."""
        plant = self.sources.plant
        self.labels = list(self.sources.files)
        runs = self._runs()
        landed = LandedRows(self._landed())
        rank = self.units.rank()
        names = sorted(self.units.number)
        files = [self._run(number, step, rank) for number, step in enumerate(runs)]
        landed.rows = landed.rows.ranked(rank).ordered()
        landed.is_fresh = np.ones(len(landed.rows), dtype=np.bool_)
        survey = self._survey(files, landed, names)
        history = HistoryEnds.of(
            survey, names, plant, self.sources.failures, self.sources.beside, landed
        )
        cutter = Cutter(history.limit, history.end, plant.resample.step if plant.resample else None)
        own = merge(files, piece_rows=self.sizes.piece_rows)
        pieces = cutter.pieces(landed.merged(own, history.left_out))
        parts = self._parts(pieces, names)
        files_by_name = {
            part_name(READINGS, at, len(parts)): entry for at, entry in enumerate(parts)
        }
        counts = history.counts | {"outlived_a_prediction": len(history.known)}
        conditions = tuple(sorted(self.conditions.number))
        return BuiltReadings(files_by_name, history.units(cutter.made), conditions, counts)

    # --- first pass ---

    def _runs(self) -> list[dict[str, Any]]:
        """Every reading in a run; the steps that tell of them."""
        done = self._whole_runs()
        for step in done:
            self.units.learn(step["units"])
            self.conditions.learn(step["conditions"])
            self.seen += step["rows"]
        begin, at = (done[-1]["file"], tuple(done[-1]["at"])) if done else (0, (0, 0))
        where: dict[str, list[str]] = {}
        held: list[Rows] = []
        for number in range(begin, len(self.labels)):
            for rows, goes_on in self._rows_of(number, at if number == begin else (0, 0), where):
                held.append(rows)
                if sum(map(len, held)) >= self.sizes.run_rows and not where:
                    done.append(self._keep_run(len(done), held, number, goes_on))
                    held = []
        self._refuse(by_problem(where))
        if held:
            done.append(self._keep_run(len(done), held, len(self.labels), (0, 0)))
        return done

    def _rows_of(
        self, number: int, begin: tuple[int, int], where: dict[str, list[str]]
    ) -> Iterator[tuple[Rows, tuple[int, int]]]:
        """One file's readings, block by block, up to the first block with a problem."""
        label, plant = self.labels[number], self.sources.plant
        path, identity = self.sources.files[label]
        text = [name for name in (plant.columns.unit, plant.columns.condition) if name]
        decimal = plant.source.decimal if isinstance(plant.source, FileSource) else "."
        found: list[str] = []
        is_empty, last = begin == (0, 0), None
        for block in blocks(path, text=text, decimal=decimal, problems=found, begin=begin):
            last = block.table
            if block.table.empty:
                continue
            is_empty = False
            table = tidy(label, block.table, plant, found)
            if table is None or found:
                break
            yield self._as_rows(table, number), block.goes_on
        if is_empty and last is not None and not found:
            tidy(label, last, plant, found)
        for problem in found:
            where.setdefault(problem, []).append(label)
        identity.require_unchanged(path)

    def _as_rows(self, table: pd.DataFrame, number: int) -> Rows:
        return Rows(
            unit=self.units.codes(table["unit"]),
            life=table["life"].to_numpy(dtype=np.float64),
            condition=self.conditions.codes(table["condition"]),
            file=np.full(len(table), number, dtype=np.int64),
            place=table[PLACE].to_numpy(dtype=np.int64),
            values=table[list(self.sources.plant.sensors)].to_numpy(dtype=np.float64),
        )

    def _keep_run(
        self, number: int, held: list[Rows], file: int, at: tuple[int, int]
    ) -> dict[str, Any]:
        rows = Rows.joined(held)
        rank = self.units.rank()
        rows = rows.at(np.lexsort((rows.life, rank[rows.unit])))
        step: dict[str, Any] = {
            "number": number,
            "sha256": write_run(self._run_path(number), rows),
            "rows": len(rows),
            "first": [int(rows.unit[0]), float(rows.life[0])],
            "file": file,
            "at": list(at),
            "units": self.units.new(),
            "conditions": self.conditions.new(),
        }
        self.work.note("run", **step)
        self._tell(len(rows))
        return step

    def _whole_runs(self) -> list[dict[str, Any]]:
        """Runs that are done and still there, up to the first that is not."""
        noted = {step["number"]: step for step in self.work.of_kind("run")}
        done: list[dict[str, Any]] = []
        for number in range(len(noted)):
            if digest(self._run_path(number)) != noted[number]["sha256"]:
                break
            done.append(noted[number])
        return done

    def _run_path(self, number: int) -> Path:
        return self.work.folder / f"run-{number:05d}.arrow"

    def _run(self, number: int, step: Mapping[str, Any], rank: NDArray[np.int64]) -> Run:
        unit, life = step["first"]
        path = self._run_path(number)
        return Run((int(rank[unit]), float(life)), lambda: read_run(path, rank))

    def _landed(self) -> Rows:
        """Landed readings that have all of the plant's sensors."""
        columns = ["unit", "life", "condition", *self.sources.plant.sensors]
        usable = self.sources.beside.landed.reindex(columns=columns).dropna()
        table = usable.assign(**{PLACE: 0})
        return self._as_rows(table, -1)

    # --- second pass ---

    def _survey(self, runs: list[Run], landed: LandedRows, names: list[str]) -> Survey:
        plant, beside = self.sources.plant, self.sources.beside
        rule = plant.failure
        limits = {"failed": beside.told.failed_at, "ended": beside.told.ended_at}
        if isinstance(rule, FailureTable) and self.sources.failures is not None:
            limits["listed"] = listed(self.sources.failures, rule, names, [])
        expression = (
            parse_expression(rule.expression, list(plant.sensors))
            if isinstance(rule, Threshold)
            else None
        )
        survey = Survey(
            len(names),
            {name: _by_unit(lives, names, np.inf) for name, lives in limits.items()},
            expression,
            list(plant.sensors),
        )

        def own() -> Iterator[Rows]:
            for rows in merge(runs, piece_rows=self.sizes.piece_rows):
                survey.add_own(rows)
                yield rows

        for rows, is_own in landed.compared(own()):
            survey.add(rows, is_own)
        self._refuse_doubles(survey, names)
        return survey

    def _refuse_doubles(self, survey: Survey, names: list[str]) -> None:
        problems = [
            stands_twice(names[unit], twice.life, [self._place(p) for p in places], twice.count)
            for unit, twice in sorted(survey.twice.items())
            if (places := (twice.first, twice.second))
        ]
        self._refuse(problems)

    def _refuse(self, problems: list[str]) -> None:
        if problems:
            source = f"plant {self.sources.plant.name}"
            raise PlantFileError(source, problems)

    def _place(self, place: tuple[int, int]) -> str:
        label = self.labels[place[0]]
        is_csv = not label.lower().endswith((".parquet", ".pq"))
        return f"{label}, {'line' if is_csv else 'row'} {place[1]}"

    # --- third pass ---

    def _parts(self, pieces: Iterator[Rows], names: list[str]) -> list[FileEntry]:
        """Every part; those that were made before are not encoded again."""
        beside = self.sources.beside_sha256
        noted = {
            step["number"]: FileEntry(step["sha256"], step["size"])
            for step in self.work.of_kind("part")
            if step["beside"] == beside
        }
        units, conditions = (
            pa.array(n, pa.large_string()) for n in (names, self.conditions.number)
        )
        made: list[FileEntry] = []
        tables = (self._table(rows, units, conditions) for rows in pieces)
        for number, table in enumerate(in_parts(tables, self.sizes.part_rows)):
            entry = noted.get(number)
            if entry is None or not self.store.holds(entry):
                entry = self.store.keep(to_parquet(self._named(table)))
                step = {"sha256": entry.sha256, "size": entry.size, "beside": beside}
                self.work.note("part", number=number, **step)
                self._tell(0)
            made.append(entry)
        return made

    def _table(self, rows: Rows, units: pa.Array, conditions: pa.Array) -> pa.Table:
        sensors = zip(self.sources.plant.sensors, rows.values.T, strict=True)
        return pa.table(
            {
                "unit": pa.DictionaryArray.from_arrays(pa.array(rows.unit), units),
                "life": pa.array(rows.life),
                "condition": pa.DictionaryArray.from_arrays(pa.array(rows.condition), conditions),
                **{name: pa.array(column) for name, column in sensors},
            }
        )

    def _named(self, table: pa.Table) -> pa.Table:
        """With names in place of their numbers, as they are stored."""
        text = pa.large_string()
        fields = [
            f if f.name not in ("unit", "condition") else f.with_type(text) for f in table.schema
        ]
        return table.cast(pa.schema(fields))

    def _tell(self, rows: int) -> None:
        self.seen += rows
        if self.told is not None:
            self.told(self.seen, self.seen)


def _by_unit(lives: Mapping[str, float], names: list[str], otherwise: float) -> NDArray[np.float64]:
    return np.array([lives.get(name, otherwise) for name in names], dtype=np.float64)
