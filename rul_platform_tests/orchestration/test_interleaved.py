"""Two runs of one plant side by side: a retrain judges and deploys what its own run made, or nothing."""

from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
import yaml
from dagster._utils.tags import TagConcurrencyLimitsCounter

from rul_platform.errors import CheckFailedError, LineageError
from rul_platform.operation import triggering
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.jobs import RETRAINED
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.retrain_runs import tags
from rul_platform.orchestration.retraining import run_retrain
from rul_platform.storage.home import utc_now
from rul_platform.storage.retrains import Retrain
from rul_platform_tests.orchestration.conftest import HARDLY, PUMPS, Works

TOP = Path(__file__).parents[2]
OTHER = Stage(
    ("finetuned_model", "evaluation_report"),
    PUMPS,
    {"finetuned_model": {**HARDLY, "seed": 7}},
)
"""Somebody trains and judges the plant's newest candidate meanwhile."""


def forced(works: Works, **flags: object) -> Retrain:
    home = works.home
    return triggering.force(home, PUMPS, actor="ann", reason="test", flags=flags, now=home.now())


def inputs(works: Works, run_id: str, asset: str) -> list[tuple[str, str]]:
    """What a run's asset read."""
    made = works.home.lineage.made_in(run_id, asset, PUMPS)
    assert made is not None, asset
    return [(read.asset, read.sha256) for read in made.inputs]


@pytest.mark.parametrize(
    "made_last", ["finetuned_model", pytest.param("evaluation_report", marks=pytest.mark.long)]
)
def test_a_retrain_goes_on_with_what_its_own_run_made_though_another_run_made_newer_ones(
    finished: Works, made_last: str
):
    home, asked = finished.home, forced(finished, gate="threshold", min_improvement=0.0)
    others = list[str]()

    def clock() -> datetime:
        """Asked by each step: before the one that follows ``made_last``, the other run goes on."""
        run_id = home.retrains.get(asked.id).run_id
        is_made = run_id is not None and home.lineage.made_in(run_id, made_last, PUMPS) is not None
        if is_made and not others:
            others.append("on its way")
            with suppress(CheckFailedError):
                finished.run(OTHER)
            made = home.lineage.current("evaluation_report", PUMPS)
            assert made is not None
            others[:] = [made.run_id]
        return utc_now()

    home.now = clock
    run_id = run_retrain(home, finished.instance, asked.id).run_id or ""

    (other,) = others
    for upstream, asset in pairwise(RETRAINED):
        made = home.lineage.made_in(run_id, upstream, PUMPS)
        assert made is not None
        assert (upstream, made.sha256) in inputs(finished, run_id, asset)
    foreign = [home.lineage.made_in(other, asset, PUMPS) for asset in OTHER.assets]
    read = {sha for asset in RETRAINED[-2:] for _, sha in inputs(finished, run_id, asset)}
    assert not read.intersection(made.sha256 for made in foreign if made is not None)


@pytest.fixture
def asked(finished: Works) -> Retrain:
    return forced(finished)


def evaluate_in(works: Works, retrain: Retrain, run_id: str) -> None:
    """The evaluation of a retrain's run whose earlier steps are over."""
    defs = build_defs(works.home, executor=dg.in_process_executor)
    defs.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[dg.AssetKey("evaluation_report")],
        partition_key=PUMPS,
        instance=works.instance,
        run_id=run_id,
        tags=tags(retrain),
    )


def test_a_retrains_run_that_made_no_candidate_judges_none(finished: Works, asked: Retrain):
    before = finished.home.gates.history(PUMPS)
    with pytest.raises(
        LineageError, match=r"has made no finetuned_model.* no evaluation_report"
    ) as e:
        evaluate_in(finished, asked, str(uuid4()))
    assert f"rul retrain run {PUMPS}" in str(e.value)
    assert finished.home.gates.history(PUMPS) == before


@pytest.mark.parametrize(
    "file", ["dagster.yaml", "rul_platform/orchestration/embedded_dagster.yaml"]
)
def test_dagsters_queue_lets_one_run_of_a_plant_go_at_a_time(file: str, tmp_path: Path):
    settings = yaml.safe_load((TOP / file).read_text())
    settings.pop("storage", None)  # a server
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None

    def of(plant: str) -> dg.DagsterRun:
        return dg.DagsterRun(job_name="retrain_plant", tags={"dagster/partition": plant})

    counter = TagConcurrencyLimitsCounter(queue.tag_concurrency_limits, [of("pumps")])
    assert counter.is_blocked(of("pumps"))
    assert not counter.is_blocked(of("fans"))
    assert not counter.is_blocked(dg.DagsterRun(job_name="nightly_check"))
