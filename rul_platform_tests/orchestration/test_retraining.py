"""A retrain, carried out here and now, and tried out without leaving a trace."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rul_platform.errors import RetrainStateError, TooFewUnitsError
from rul_platform.operation import triggering
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.retrain_runs import configs, tags
from rul_platform.orchestration.retraining import dry_run, run_retrain
from rul_platform.orchestration.step import RETRAIN_TAG
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import Retrain
from rul_platform_tests.orchestration.conftest import PUMPS, Works, works_in

ENDS = {"PROMOTE": "deployed", "HOLD": "held", "REJECT": "rejected", "IN_CHARGE": "rejected"}


def forced(home: Home, **flags: object) -> Retrain:
    now = home.now()
    return triggering.force(home, PUMPS, actor="ann", reason="a test", flags=flags, now=now)


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def break_plant(works: Works) -> None:
    """Too few machines failed: a refusal, whenever it is asked."""
    failures = works.home.plants / PUMPS / "failures.csv"
    failures.write_text("".join(failures.read_text().splitlines(keepends=True)[:3]))


def test_a_retrain_repeats_the_champions_recipe_but_for_what_the_policy_says(finished: Works):
    plain = configs(finished.home, forced(finished.home))["finetuned_model"]
    assert (plain["architecture"], plain["steps"], plain["start"]) == ("gru", 90, "best")
    retrain = finished.home.retrains.current(PUMPS)
    assert retrain is not None
    finished.home.retrains.close(retrain.id, "cancelled", now=finished.home.now())
    other = configs(finished.home, forced(finished.home, epochs=2, learning_rate=1e-4))
    assert other["finetuned_model"]["epochs"] == 2
    assert other["finetuned_model"]["learning_rate"] == 1e-4
    assert other["plant_windows"]["window"] == 30


def test_a_retrain_whose_run_was_killed_is_run_again_judged_once_and_closed(finished: Works):
    asked = forced(finished.home, epochs=1)
    finished.home.retrains.start(asked.id, attempt=1, run_id="gone", now=finished.home.now())
    retrain = run_retrain(finished.home, finished.instance, asked.id)
    (gate,) = [g for g in finished.home.gates.history(PUMPS) if g.retrain_id == asked.id]
    assert retrain.attempt == 2
    assert (retrain.state, retrain.verdict) == (ENDS[gate.verdict], gate.verdict)
    (run,) = [r for r in finished.instance.get_runs() if r.tags.get(RETRAIN_TAG) == str(asked.id)]
    assert retrain.run_id == run.run_id
    with pytest.raises(RetrainStateError, match="open, and no run at it"):
        run_retrain(finished.home, finished.instance, asked.id)


def test_a_run_of_a_retrain_that_is_over_makes_nothing(finished: Works):
    """Somebody starts an old run again in the UI: it still has its tags."""
    home, asked = finished.home, forced(finished.home)
    home.retrains.close(asked.id, "cancelled", now=home.now())
    before = home.lineage.history("plant_readings", PUMPS)
    with pytest.raises(RetrainStateError, match="cancelled"):
        finished.run(Stage(("plant_readings",), PUMPS, tags=tags(asked)))
    assert home.lineage.history("plant_readings", PUMPS) == before


def test_a_retrain_that_is_refused_is_closed_as_failed_and_the_champion_stays(finished: Works):
    asked = forced(finished.home)
    break_plant(finished)
    with pytest.raises(TooFewUnitsError):
        run_retrain(finished.home, finished.instance, asked.id)
    retrain = finished.home.retrains.get(asked.id)
    assert retrain.state == "failed"
    assert "units that ran to failure" in (retrain.error or "")
    assert any(a.kind == "retrain_failed" for a in finished.home.alerts.recent(10))
    champion = finished.home.registry.champion(PUMPS)
    assert champion is not None
    assert champion.number == 1


def test_an_interrupted_retrain_stays_open_and_is_taken_up_again(
    finished: Works, monkeypatch: pytest.MonkeyPatch
):
    asked = forced(finished.home, epochs=1)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(finished.home, "progress", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_retrain(finished.home, finished.instance, asked.id)
    assert finished.home.retrains.get(asked.id).is_open
    retrain = run_retrain(finished.home, finished.instance, asked.id)
    assert (retrain.attempt, retrain.is_open) == (2, False)


@pytest.mark.long
def test_a_dry_run_tells_what_the_retrain_then_comes_to_and_changes_no_byte(
    finished_home: Path, tmp_path: Path
):
    folder = Path(shutil.copytree(finished_home, tmp_path / "home"))
    with works_in(folder) as works:
        works.home.engine.connect().close()
    before, flags = files(folder), {"min_units": 2, "epochs": 1}
    home = Home(replace(works.home.settings))
    gate = dry_run(home, PUMPS, flags)
    home.engine.dispose()
    assert files(folder) == before
    with works_in(folder) as works:
        assert works.home.retrains.history(PUMPS) == ()
        assert [v.number for v in works.home.registry.versions(PUMPS)] == [1]
        real = run_retrain(works.home, works.instance, forced(works.home, **flags).id)
        (real_gate,) = [g for g in works.home.gates.history(PUMPS) if g.retrain_id == real.id]
    assert real.state == ENDS[gate.verdict]
    assert (gate.plant, gate.number, gate.verdict) == (PUMPS, real_gate.number, real_gate.verdict)
    assert gate.record["reasons"] == real_gate.record["reasons"]
    for figure in ("candidate_rmse", "champion_rmse", "constant_rmse", "units"):
        found, expected = (each.record["evidence"][figure] for each in (gate, real_gate))
        assert found == pytest.approx(expected), figure


def test_a_dry_run_refuses_what_a_retrain_would_refuse(finished: Works):
    break_plant(finished)
    with pytest.raises(TooFewUnitsError):
        dry_run(finished.home, PUMPS, {})
    assert finished.home.retrains.history(PUMPS) == ()
