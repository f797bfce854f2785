"""The method: eight steps on validation units, the test once, and going on after an interruption."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from rul_platform.core.method_log import STEPS, MethodState
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import LeakError, SearchError
from rul_platform.learning.networks import checkpoints, models
from rul_platform.learning.recipes.method import choose, open_test
from rul_platform.learning.recipes.method_budget import Budget
from rul_platform.learning.recipes.method_ground import MethodGround
from rul_platform.learning.recipes.method_steps import early_stopping, searched, transfer
from rul_platform.learning.transfer.finetuning import FinetuneConfig
from rul_platform.reports.method_page import method_page
from rul_platform_tests.learning.study_ground import place

CAP = 60.0
Prepared = tuple[Preparation, Windows]
TINY = Budget(
    steps=8,
    sweep_steps=12,
    regularisers=({"dropout": 0.3},),
    trials=2,
    trial_steps=4,
    folds=2,
)


def ground(prepared: Prepared, folder: Path, **other) -> MethodGround:
    preparation, windows = prepared
    study = {"name": "method", "url": place(folder)}
    facts = {"windows": windows, "channels": preparation.channels, "cap": CAP, "budget": TINY}
    return MethodGround(**(facts | {"architecture": "gru", "study": study} | other))


@pytest.fixture(scope="module")
def finished(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> MethodState:
    """With other machines to learn from first."""
    _, windows = prepared
    folder = tmp_path_factory.mktemp("studies")
    return choose(ground(prepared, folder, source=windows), keep=lambda _: None)


def without_times(state: MethodState) -> list[tuple]:
    return [
        (s.name, s.kept, s.why, s.findings, [(a.what, a.rmse) for a in s.tried])
        for s in state.steps
    ]


def test_an_interrupted_method_goes_on_to_the_same_log(
    finished: MethodState, prepared: Prepared, tmp_path: Path
):
    """Killed after each step by turns, and kept as JSON in between."""
    _, windows = prepared
    kept: list[str] = []

    def keep(state: MethodState) -> None:
        kept.append(json.dumps(state.to_json()))
        if len(kept) % 3 == 0:
            raise KeyboardInterrupt

    state = None
    while state is None or state.names != STEPS:
        before = MethodState.from_json(json.loads(kept[-1])) if kept else None
        try:
            state = choose(ground(prepared, tmp_path, source=windows), before, keep=keep)
        except KeyboardInterrupt:
            continue
    assert len(kept) == len(STEPS)
    assert without_times(state) == without_times(finished)


def test_every_step_says_what_was_tried_kept_and_why(finished: MethodState):
    assert finished.names == STEPS
    assert all(step.kept and step.why for step in finished.steps)
    assert [a.what for a in finished.step("baseline").tried] == ["the mean label", "boosting"]
    assert finished.step("full data").findings
    assert finished.margin >= 0.01 * finished.step("full data").tried[0].rmse
    pretraining, scratch, pretrained = finished.step("transfer").tried
    assert pretraining.what == "pretraining"
    assert None not in (scratch.rmse, pretrained.rmse)
    assert "over folds" in finished.step("search").tried[0].what


def test_a_change_is_kept_only_where_it_gains_more_than_the_margin(finished: MethodState):
    for name in ("learning rate", "regularisation"):
        step = finished.step(name)
        before = next(a.rmse for a in step.tried if a.what == "as before")
        best = min(a.rmse for a in step.tried if a.rmse is not None)
        assert (step.kept != "as before") == (best < before - finished.margin)


def test_what_stopped_a_training_never_judges_it(prepared: Prepared, tmp_path: Path):
    """A margin below nothing keeps early stopping; from there on one half stops, the other judges."""
    on = ground(prepared, tmp_path)
    assert on.halves is not None
    stop_on, judge = on.halves
    assert set(stop_on.units()) | set(judge.units()) == set(on.valid.units())
    assert set(stop_on.units()).isdisjoint(judge.units())
    before = MethodState(recipe=on.plain_recipe(), rmse=1.0, margin=-1e9)
    after = early_stopping(on, before)
    assert after.stops_early
    assert "From here on that half judges." in after.step("early stopping").why
    again = on.trained(after)
    assert after.rmse == again.rmse == on.error(again.network, judge)


def test_a_plant_s_method_begins_with_what_a_plant_is_trained_by(
    prepared: Prepared, tmp_path: Path
):
    """From scratch by its own steps, rate and shape, pretrained by others; not the budget's."""
    preparation, _ = prepared
    shape = models.default_config("gru", len(preparation.channels), hidden_size=4)
    checkpoint = checkpoints.dump(models.build(shape, seed=1), shape, preparation.channels)
    fit = FitConfig(seed=0, steps=2, batch_size=16, learning_rate=1e-3)
    plain = FinetuneConfig(fit=fit, pretrained_rate=0.9, scratch_rate=4e-3)
    on = ground(prepared, tmp_path, plain=plain, checkpoint=checkpoint)
    recipe = on.plain_recipe()
    assert (recipe["learning_rate"], recipe["batch_size"], recipe["hidden_size"]) == (4e-3, 16, 4)
    begun = MethodState(recipe=recipe, rmse=1e9)
    assert on.trained(begun).fitted.history["step"].max() == 10
    after = transfer(on, begun)
    assert after.step("transfer").kept == "pretrained"
    kept = {name: after.recipe[name] for name in ("learning_rate", "batch_size", "pretrained_rate")}
    assert kept == {"learning_rate": 1e-3, "batch_size": 16, "pretrained_rate": 0.9}
    assert on.trained(after).fitted.history["step"].max() == 2
    assert on.ground(is_pretrained=True).fit == fit
    assert on.ground(is_pretrained=False).fit.steps == TINY.trial_steps


def test_a_method_begun_anew_begins_a_new_search(prepared: Prepared, tmp_path: Path):
    on = ground(prepared, tmp_path)
    state = MethodState(recipe=on.plain_recipe(), rmse=1.0, margin=1e9)
    searched(on, state)
    searched(on, state)
    anew = ground(prepared, tmp_path, study={**on.study, "is_new": True})
    searched(anew, state)
    storage = optuna.storages.RDBStorage(on.study["url"])
    assert sorted(optuna.get_all_study_names(storage)) == ["method #1", "method #2"]
    storage.engine.dispose()


def test_the_test_is_opened_once_beside_the_baselines(
    finished: MethodState, prepared: Prepared, tmp_path: Path
):
    """Here the validation units stand in; what matters is that nothing is scored twice."""
    _, windows = prepared
    test = windows.select("valid")
    ending = open_test(ground(prepared, tmp_path, source=windows), finished, test)
    assert [a.what for a in ending.step("test").tried] == [
        "the kept recipe",
        "boosting",
        "the mean label",
    ]
    assert open_test(ground(prepared, tmp_path), ending, test) is ending
    page = method_page(ending, title="FD001", life_unit="cycles")
    for words in (
        "# The method on FD001",
        "## 1. Baseline",
        "## 8. Search",
        "## Test",
        "| tried |",
    ):
        assert words in page
    assert "## The recipe" in page


def test_windows_of_test_units_are_refused(prepared: Prepared, tmp_path: Path):
    _, windows = prepared
    leaking = replace(windows, index=windows.index.assign(split="test"))
    with pytest.raises(LeakError, match="method: windows of test units u0"):
        ground(prepared, tmp_path, windows=leaking)


def test_labels_that_follow_from_nothing_fail_the_sanity_check(prepared: Prepared, tmp_path: Path):
    """Constant channels: nobody could learn 32 labels from them."""
    _, windows = prepared
    blank = replace(windows, table=np.zeros_like(windows.table))
    with pytest.raises(SearchError, match="The sanity check failed: after 200 steps on 32 windows"):
        choose(ground(prepared, tmp_path, windows=blank), keep=lambda _: None)
