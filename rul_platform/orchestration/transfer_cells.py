"""The cells of a k-shot study, one after the other; finished ones are kept.

Belongs here: what a study reads, what it need not make twice, and its files. Does not belong here: one
cell (``learning.transfer.kshot``), what the cells say together (``core.transfer_study``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import dagster as dg
import pandas as pd

from rul_platform.core.canonical import canonical_json
from rul_platform.core.cmapss import file_names, held_out_fleet
from rul_platform.core.fleet import Fleet
from rul_platform.core.parquet import to_parquet
from rul_platform.core.recipe import FitConfig
from rul_platform.core.transfer_study import (
    CHOSEN,
    StudyPlan,
    drawn_units,
    harm,
    markdown,
    summary,
)
from rul_platform.core.windows import pool
from rul_platform.orchestration.step import Files, Metadata
from rul_platform.orchestration.stored_windows import cmapss_training, common_preparation
from rul_platform.storage.home import Progress
from rul_platform.storage.study_cells import StudyCells

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.transfer.kshot import Source

CHECKPOINT_FILE = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Study:
    """What the cells of a study share.

    Attributes:
        plan: Target, sources, ks, draws.
        fleet: Training engines of the target, from which units are drawn.
        raw: The target's text files; the test files among them are opened cell by cell, at its end.
        stored: Windows of each source.
        done: What is done already.
    """

    plan: StudyPlan
    fleet: Fleet
    raw: Files
    stored: Mapping[str, Files]
    done: StudyCells

    def cells(self, progress: Progress | None) -> pd.DataFrame:
        """All cells, those that are done already as they were."""
        source: Source | None = None
        found: list[pd.DataFrame] = []
        wanted = self.plan.cells()
        for number, (k, draw) in enumerate(wanted, start=1):
            cell = self.done.cell(k, draw)
            if cell is None:
                source = source or self.source()
                cell = self.cell(source, k, draw)
                self.done.keep(k, draw, cell)
            found.append(cell.assign(k=k, draw=draw))
            if progress:
                progress(number, len(wanted))
        return pd.concat(found, ignore_index=True)

    def source(self) -> "Source":
        """The network and the windows that every cell begins from; the network is trained once."""
        from rul_platform.learning.networks import checkpoints
        from rul_platform.learning.transfer.kshot import Source, pretrain

        preparation = common_preparation(self.stored)
        windows = pool({subset: cmapss_training(files) for subset, files in self.stored.items()})
        data = self.done.kept(CHECKPOINT_FILE)
        if data is None:
            fit = FitConfig(seed=self.plan.seed, steps=self.plan.pretraining_steps)
            data = pretrain(windows, preparation.channels, fit, cap=preparation.cap)
            self.done.keep_file(CHECKPOINT_FILE, data)
        return Source(
            checkpoint=checkpoints.load(data, source="the study's own checkpoint"),
            windows=windows,
            sensors=preparation.scaler.sensors,
            cap=preparation.cap,
        )

    def cell(self, source: "Source", k: int, draw: int) -> pd.DataFrame:
        """One draw of k units."""
        from rul_platform.learning.transfer.kshot import one_cell, plant_config

        units = tuple(self.fleet.units["unit"])
        return one_cell(
            self.fleet.take(drawn_units(units, k, seed=self.plan.seed, draw=draw)),
            source,
            self.open_test,
            config=plant_config(seed=self.plan.seed + draw, steps=self.plan.steps),
            approaches=self.plan.approaches,
        )

    def open_test(self) -> Fleet:
        """The official test set of the target."""
        _, test_name, rul_name = file_names(self.plan.target)
        test, rul = self.raw.read(test_name), self.raw.read(rul_name)
        return held_out_fleet(test, rul, test_name, rul_name)


def told(plan: StudyPlan, cells: pd.DataFrame) -> tuple[dict[str, bytes], Metadata]:
    """The files of a study, and what the UI shows of it."""
    from rul_platform.reports.plots import markdown_image
    from rul_platform.reports.study_plots import rmse_by_k

    table, harmed = summary(cells), harm(cells)
    plot, words = rmse_by_k(table), markdown(plan, table, harmed)
    files = {
        "cells.parquet": to_parquet(cells),
        "summary.parquet": to_parquet(table),
        "summary.csv": table.to_csv(index=False).encode(),
        "summary.md": words.encode(),
        "study.json": canonical_json(
            {"plan": asdict(plan), "harm": asdict(harmed) if harmed else None}
        ),
        "rmse_by_k.png": plot,
    }
    chosen = table[table["approach"] == CHOSEN]
    errors = zip(chosen["k"], chosen["rmse_clipped"], strict=True)
    return files, {
        "summary": dg.MetadataValue.md(words),
        "rmse_by_k": dg.MetadataValue.md(markdown_image(plot, "RMSE over k")),
        **({"draws": harmed.draws, "draws_harmed": harmed.harmed} if harmed else {}),
        **{f"chosen_rmse_k{k}": float(found) for k, found in errors},
    }
