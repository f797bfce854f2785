"""How good is one architecture on one subset? Trained and judged by the book.

Learns from the subset's training file only, is validated on training engines that it does not learn
from, and opens the official test set once, to score the last flight of every test engine. What is
scored answers through ONNX. Boosting and a constant, learned from the same engines, stand beside it.

Upstream `cmapss_windows`.
"""

from functools import partial

import dagster as dg

from rul_platform.core.canonical import canonical_json
from rul_platform.core.evaluation import evaluate
from rul_platform.core.parquet import to_parquet
from rul_platform.orchestration import report
from rul_platform.orchestration.benchmark_cell import ROW_FILE, Cell
from rul_platform.orchestration.benchmark_config import BenchmarkConfig
from rul_platform.orchestration.benchmark_facts import benchmark_metadata
from rul_platform.orchestration.partitions import SUBSET_AND_ARCHITECTURE, cell
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import REPORT_CODE, Step
from rul_platform.orchestration.step_needs import TRAINS
from rul_platform.orchestration.stored_windows import preparation_of
from rul_platform.storage.home import Home


@dg.asset(
    description=__doc__,
    partitions_def=SUBSET_AND_ARCHITECTURE,
    deps=["cmapss_windows"],
    group_name="evaluation",
    kinds={"pytorch", "scikitlearn", "onnx"},
    owners=["team:learning"],
    code_version=REPORT_CODE,
    op_tags=TRAINS,
)
@retrying()
def cmapss_benchmark(
    context: dg.AssetExecutionContext, config: BenchmarkConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, train, score, write, report."""
    subset, name = cell(context.partition_key)
    config.require_taken_by(name)
    step = Step(context, home)
    stored = step.read("cmapss_windows", subset)
    bench = Cell(subset, name, config, stored, preparation_of(stored), home.progress)
    trials = bench.trials(watch=partial(config.watch, home, context.run.run_id))
    files = bench.packaged(trials[0]) if trials else {}
    answers = bench.answers(trials, files)
    row = bench.row(trials, files, answers)
    evaluation = evaluate(bench.side_by_side(trials, files, answers), seed=config.seed)
    engines, (told, shown) = evaluation.to_tables()["units"], report.evaluation_told(evaluation)
    return step.publish(
        {
            **files,
            **told,
            ROW_FILE: canonical_json(row.to_json()),
            "engines.parquet": to_parquet(engines),
        },
        parameters=config.model_dump(mode="json"),
        metadata={**benchmark_metadata(row, engines), **shown},
        table="predictions.parquet",
    )
