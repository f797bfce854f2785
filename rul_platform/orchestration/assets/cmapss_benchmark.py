"""How good is one architecture on one subset? Trained and judged by the book.

Learns from the subset's training file only, stops early on training engines that it holds out, and opens
the official test set once, to score the last flight of every test engine. Boosting and a constant,
trained on the same engines, stand beside it.

Upstream `cmapss_windows`.
"""

import dagster as dg

from rul_platform.core import splits
from rul_platform.core.architectures import architecture as architecture_named
from rul_platform.core.cmapss import SIMULATED
from rul_platform.core.evaluation import BOOSTING, CONSTANT, evaluate
from rul_platform.core.windows import last_of_each_unit
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import SUBSET_AND_ARCHITECTURE, cell
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import REPORT_CODE, Step
from rul_platform.orchestration.stored_windows import cmapss_test, cmapss_training, preparation_of
from rul_platform.orchestration.training_config import NetworkConfig
from rul_platform.storage.home import Home


@dg.asset(
    description=__doc__,
    partitions_def=SUBSET_AND_ARCHITECTURE,
    deps=["cmapss_windows"],
    group_name="evaluation",
    kinds={"pytorch"},
    owners=["team:learning"],
    code_version=REPORT_CODE,
)
@retrying()
def cmapss_benchmark(
    context: dg.AssetExecutionContext, config: NetworkConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, train, score, write, report."""
    from rul_platform.inference.predictor import Predictor
    from rul_platform.learning import baselines, models, packaging, training
    from rul_platform.orchestration.contest import side_by_side

    subset, name = cell(context.partition_key)
    architecture = architecture_named(name)
    step = Step(context, home)
    stored = step.read("cmapss_windows", subset)
    preparation, windows = preparation_of(stored), cmapss_training(stored)
    train, cap = windows.select(splits.TRAIN), preparation.cap

    model = models.default_config(
        architecture, len(preparation.channels), hidden_size=config.hidden_size
    )
    network = models.build(model, seed=config.seed)
    fitted = training.fit(
        network,
        train,
        windows.select(splits.VALID),
        config.fit(),
        cap=cap,
        progress=home.progress,
    )
    facts = {"subset": subset, "windows": stored.sha256, "training": config.model_dump()}
    files = packaging.package(
        network, model, preparation, windows=windows, fitted=fitted, facts=facts
    )
    test = last_of_each_unit(cmapss_test(stored))
    served = Predictor.from_files(files)
    evaluation = evaluate(
        side_by_side(
            architecture,
            served,
            test,
            {
                architecture: served.score(test),
                BOOSTING: baselines.boosting(train, test, cap=cap, seed=config.seed),
                CONSTANT: baselines.constant(train, test, cap=cap),
            },
            title=f"{architecture.upper()} on C-MAPSS {subset}",
            cpu_seconds={architecture: fitted.cpu_seconds},
            history=fitted.history,
            facts={"windows sha256": stored.sha256, "seed": config.seed},
            simulated=subset == SIMULATED,
        ),
        seed=config.seed,
    )
    return step.publish(
        {**files, **report.evaluation_files(evaluation)},
        parameters=config.model_dump(),
        metadata=report.evaluation(evaluation),
        table="predictions.parquet",
    )
