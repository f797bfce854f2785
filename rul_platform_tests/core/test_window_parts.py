"""Windows of histories that come in pieces: the same bytes as in memory, however they are cut."""

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from rul_platform.core.canonical import canonical_json
from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.long_fleet import LongFleet
from rul_platform.core.parquet import scaled_cycles, to_parquet
from rul_platform.core.preparation import Preparation, PreparationFit
from rul_platform.core.splits import TEST, TRAIN, VALID, with_role
from rul_platform.core.window_parts import Reached, window_parts

ROLES = (TRAIN, VALID, TEST, None)


@dataclass(frozen=True)
class Case:
    """A fleet, who may teach, and how it was prepared."""

    fleet: Fleet
    roles: dict[str, str]

    @cached_property
    def preparation(self) -> Preparation:
        """As an asset would fit it."""
        return Preparation.fit(
            with_role(self.fleet, self.roles, TRAIN),
            self.fleet.sensors,
            window=4,
            cap=9.0,
            life_unit="hours",
        )

    def in_memory(self) -> tuple[bytes, bytes]:
        """Both tables as one file each."""
        labelled = with_role(self.fleet, self.roles, TRAIN, VALID, TEST)
        windows = self.preparation.windows(labelled, pd.Series(self.roles))
        cycles = scaled_cycles(labelled.readings, windows, self.preparation.channels)
        return to_parquet(cycles), to_parquet(windows.index)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Units of every role; sensors that rest, jump and begin below zero; failed, outlived and lost."""
    lives = draw(st.lists(st.integers(1, 30), min_size=1, max_size=8))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    units = [f"u{number}" for number in range(len(lives))]
    rows = sum(lives)
    readings = pd.DataFrame(
        {
            "unit": np.repeat(units, lives),
            "life": np.concatenate([np.arange(1.0, life + 1) for life in lives]),
            "condition": random.choice(["0", "1"], rows),
            "flow": random.normal(size=rows).round(1),
            "heat": np.where(random.random(rows) < 0.8, -0.0, random.normal(size=rows)),
        }
    )
    # every unit knows both conditions where it can, so that training does
    readings.loc[readings["life"] % 2 == 0, "condition"] = "0"
    readings.loc[readings["life"] == 1, "condition"] = "0"
    ends = pd.Series(random.choice([0.0, 3.0, np.nan], len(units)), index=units)
    known = pd.Series(np.where(np.isnan(ends), np.repeat(40.0, len(units)), np.nan), index=units)
    given_roles = draw(st.lists(st.sampled_from(ROLES), min_size=len(units), max_size=len(units)))
    roles = {unit: role for unit, role in zip(units, given_roles, strict=True) if role}
    roles[units[lives.index(max(lives))]] = TRAIN
    taught = readings["unit"].map(roles) == TRAIN
    unknown = ~readings["condition"].isin(readings.loc[taught, "condition"])
    readings.loc[unknown, "condition"] = "0"
    return Case(Fleet(readings, summarise_units(readings, ends, known)), roles)


@given(case=cases(), piece_rows=st.integers(1, 40), part_rows=st.integers(1, 60))
@settings(deadline=None, max_examples=25)
def test_pieces_of_any_size_give_the_bytes_of_the_whole(
    case: Case, piece_rows: int, part_rows: int
):
    fleet = LongFleet.of(case.fleet, piece_rows=piece_rows)
    parts = list(window_parts(fleet, case.roles, case.preparation, part_rows=part_rows))
    assert [part.cycles.num_rows for part in parts[:-1]] == [part_rows] * (len(parts) - 1)
    cycles = pa.concat_tables([part.cycles for part in parts]).combine_chunks()
    index = pa.concat_tables([part.index for part in parts]).combine_chunks()
    assert (to_parquet(cycles), to_parquet(index)) == case.in_memory()


@given(case=cases(), part_rows=st.integers(1, 20), data=st.data())
@settings(deadline=None, max_examples=15)
def test_work_taken_up_after_any_part_gives_the_same_parts(
    case: Case, part_rows: int, data: st.DataObject
):
    """Also when how far it came went through JSON, as it does on disk."""
    whole = list(
        window_parts(LongFleet.of(case.fleet), case.roles, case.preparation, part_rows=part_rows)
    )
    done = data.draw(st.integers(0, len(whole) - 1))
    reached = Reached.from_json(json.loads(canonical_json(whole[done].reached.to_json())))
    fleet = LongFleet.of(case.fleet, piece_rows=7)
    rest = window_parts(fleet, case.roles, case.preparation, begin=reached, part_rows=part_rows)
    for again, first in zip(rest, whole[done + 1 :], strict=True):
        assert to_parquet(again.cycles) == to_parquet(first.cycles)
        assert to_parquet(again.index) == to_parquet(first.index)
        assert again.reached.to_json() == first.reached.to_json()


@given(case=cases(), sizes=st.lists(st.integers(1, 40), min_size=2, max_size=2))
@settings(deadline=None, max_examples=15)
def test_what_is_learned_of_pieces_depends_on_no_size_of_a_piece(case: Case, sizes: list[int]):
    training = with_role(case.fleet, case.roles, TRAIN)
    learned = []
    for piece_rows in sizes:
        fit = PreparationFit(training.sensors, window=4, block_rows=8)
        for piece in LongFleet.of(training, piece_rows=piece_rows).pieces():
            fit.add(piece)
        units = tuple(training.units["unit"])
        learned.append(fit.preparation(units, cap=9.0, life_unit="hours").to_json())
    assert canonical_json(learned[0]) == canonical_json(learned[1])
    whole = case.preparation.to_json()
    assert learned[0]["longest_still"] == whole["longest_still"]
    for key in ("mean", "spread"):
        assert np.allclose(learned[0]["scaler"][key], whole["scaler"][key], rtol=1e-9, atol=1e-12)


def test_one_block_gives_what_pandas_gives():
    """Tables that were stored before blocks were counted keep their numbers."""
    random = np.random.default_rng(3)
    readings = pd.DataFrame(
        {
            "unit": "a",
            "life": np.arange(500.0),
            "condition": random.choice(["0", "1", "2"], 500),
            "flow": random.normal(7.0, 2.0, 500),
            "heat": random.normal(1e6, 1.0, 500),
        }
    )
    fleet = Fleet(readings, summarise_units(readings, 0.0))
    scaler = Preparation.fit(fleet, fleet.sensors, window=4, cap=9.0, life_unit="hours").scaler
    grouped = readings.groupby("condition")[["flow", "heat"]]
    assert np.array_equal(scaler.mean, grouped.mean().to_numpy())
    assert np.array_equal(scaler.spread, grouped.std(ddof=0).to_numpy())
