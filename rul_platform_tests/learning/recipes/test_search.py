"""Searches: seeded, kept, gone on with after a kill, shared by processes, never on test units."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.plant_recipe import PRETRAINED_RATE
from rul_platform.core.search_space import DEFAULT_SPACE, parse_space
from rul_platform.errors import LeakError, SearchError, TooFewUnitsError
from rul_platform.learning.networks import checkpoints, models
from rul_platform.learning.recipes.grid import grid_search
from rul_platform.learning.recipes.objective import Ground, parts, plain_choice, problems_of, score
from rul_platform.learning.recipes.search import search
from rul_platform.learning.recipes.studies import Search
from rul_platform_tests.learning.study_ground import SPACE, ground, place


def wanted(folder: Path, **other) -> Search:
    return Search(**({"name": "pumps", "trials": 6, "url": place(folder)} | other))


def recipes(trials: pd.DataFrame) -> pd.DataFrame:
    return trials[["learning_rate", "hidden_size", "state", "rmse"]]


def test_a_search_finds_the_best_recipe_and_repeats_itself(tmp_path: Path):
    told: list[tuple[int, int]] = []
    found = search(
        ground(), SPACE, wanted(tmp_path), progress=lambda done, total: told.append((done, total))
    )
    assert told == [(done, 6) for done in range(7)]
    scored = found.trials[found.trials["state"] == "scored"]
    assert found.best_rmse == scored["rmse"].min()
    best = scored.loc[scored["rmse"].idxmin()]
    assert found.best == {
        "learning_rate": best["learning_rate"],
        "hidden_size": best["hidden_size"],
    }
    assert score(ground(), found.best) == found.best_rmse
    assert found.is_complete
    again = search(ground(), SPACE, wanted(tmp_path, is_new=True))
    assert (found.study, again.study) == ("pumps #1", "pumps #2")
    assert recipes(again.trials).equals(recipes(found.trials))
    assert search(ground(), SPACE, wanted(tmp_path)).study == "pumps #2"


def test_a_finished_search_tries_nothing_more_and_a_larger_one_goes_on(tmp_path: Path):
    first = search(ground(), SPACE, wanted(tmp_path, trials=2))
    same = search(ground(), SPACE, wanted(tmp_path, trials=2))
    more = search(ground(), SPACE, wanted(tmp_path, trials=3))
    assert same.trials.equals(first.trials)
    assert more.trials.head(2).equals(first.trials)
    assert len(more.trials) == 3


def test_a_killed_search_goes_on_as_if_nothing_had_been(tmp_path: Path):
    command = [sys.executable, "-m", "rul_platform_tests.learning.study_ground", str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "fourth\n"
        running.kill()
    resumed = search(ground(), SPACE, wanted(tmp_path))
    undisturbed = search(ground(), SPACE, wanted(tmp_path, is_new=True))
    assert len(resumed.trials) == 6
    assert recipes(resumed.trials).equals(recipes(undisturbed.trials))


def test_ctrl_c_loses_no_finished_trial(tmp_path: Path):
    def interrupt(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(ground(), SPACE, wanted(tmp_path), progress=interrupt)
    assert len(search(ground(), SPACE, wanted(tmp_path, trials=3)).trials) == 3


@pytest.mark.long
def test_two_processes_share_the_trials_and_lose_none(tmp_path: Path):
    found = search(ground(), SPACE, wanted(tmp_path, trials=7, workers=2))
    assert len(found.trials) == 7
    assert found.trials["number"].tolist() == list(range(7))
    assert found.is_complete


def test_a_worker_that_fails_says_why(tmp_path: Path):
    single = ground(units=1)
    too_short = Ground(
        windows=single.windows.only(np.arange(len(single.windows)) < 10),
        channels=single.channels,
        cap=single.cap,
        architecture="gru",
        fit=single.fit,
        folds=2,
    )
    with pytest.raises(SearchError, match="A worker of the search failed: search: 10 readings"):
        search(too_short, SPACE, wanted(tmp_path, workers=2, trials=2))


@pytest.mark.long
def test_whatever_a_worker_fails_with_is_named(tmp_path: Path):
    """Nothing was killed: the cap is no number."""
    wrong = replace(ground(), cap="forty")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SearchError, match=r"A worker of the search failed: \w+Error: .*U5"):
        search(wrong, SPACE, wanted(tmp_path, workers=2, trials=2))


def test_the_recipe_that_we_train_by_default_is_tried_first(tmp_path: Path):
    space = parse_space("learning_rate = [0.005, 0.01]\nbatch_size = [32, 64]", source="space")
    found = search(ground(), space, wanted(tmp_path, trials=1))
    assert found.best == {"learning_rate": 0.005, "batch_size": 32}
    assert found.plain_rmse == found.best_rmse
    assert search(ground(), SPACE, wanted(tmp_path, name="other", trials=1)).plain_rmse is None


def test_no_time_means_no_trial_and_says_so(tmp_path: Path):
    with pytest.raises(SearchError, match=r"pumps #1 has no trial with a score: 0 were given up"):
        search(ground(), SPACE, wanted(tmp_path, seconds=0.0))


def test_a_rate_that_ruins_a_network_is_given_up(tmp_path: Path):
    """Its RMSE is far off, or no number; the other recipe is the best."""
    space = parse_space("learning_rate = [0.005, 1.0]", source="space")
    ruined = replace(ground(), fit=replace(ground().fit, clip_norm=1e9))
    found = search(ruined, space, grid_search(space, wanted(tmp_path)))
    assert found.best == {"learning_rate": 0.005}


def test_pruning_ends_what_falls_behind(tmp_path: Path):
    """Rates of a millionth learn nothing; five trials run to their end before any is given up."""
    space = parse_space("learning_rate = { low = 1e-6, high = 0.05, log = true }", source="space")
    long = replace(ground(), fit=replace(ground().fit, steps=16))
    found = search(long, space, wanted(tmp_path, trials=14, seed=1))
    states = found.trials["state"].tolist()
    assert "given up" in states
    assert states[:5] == ["scored"] * 5
    assert found.trials.loc[found.trials["state"] == "given up", "rmse"].isna().all()


def test_with_enough_trials_it_says_which_number_mattered(tmp_path: Path):
    quick = replace(ground(), fit=replace(ground().fit, steps=2))
    found = search(quick, SPACE, wanted(tmp_path, trials=8, pruner="none"))
    assert set(found.importance) == {"learning_rate", "hidden_size"}
    assert sum(found.importance.values()) == pytest.approx(1.0)


def test_hyperband_prunes_too(tmp_path: Path):
    found = search(ground(), SPACE, wanted(tmp_path, trials=3, pruner="hyperband"))
    assert len(found.trials) == 3


def test_a_grid_tries_every_cell_once_and_goes_on_where_it_was(tmp_path: Path):
    space = parse_space("learning_rate = [0.001, 0.01]\nhidden_size = [4, 8]", source="space")
    begun = wanted(tmp_path, trials=4)
    search(ground(), space, replace(grid_search(space, begun), trials=1))
    found = search(ground(), space, grid_search(space, begun))
    tried = found.trials[["learning_rate", "hidden_size"]].to_dict("records")
    assert tried == space.grid()


def test_a_grid_that_is_too_large_says_how_large(tmp_path: Path):
    with pytest.raises(
        SearchError, match=r"486 cells \(3 learning_rate x .* and 6 trials are allowed"
    ):
        grid_search(DEFAULT_SPACE, wanted(tmp_path))


def test_windows_of_test_units_are_refused():
    fine = ground()
    index = fine.windows.index
    roles = index["split"].mask(index["unit"] == "u2", "test")
    leaking = replace(fine.windows, index=index.assign(split=roles))
    with pytest.raises(LeakError, match="windows of test units u2 were given"):
        replace(fine, windows=leaking)


def test_a_single_unit_is_divided_in_time():
    single = ground(units=1)
    divided = list(parts(single.windows, count=2, seed=0, source="pump"))
    for train, held in divided:
        learned, tested = train.rows(), held.rows()
        assert learned.max() < tested.min()
    assert np.isfinite(score(single, {"learning_rate": 0.01}))


def test_beside_bounded_units_only_the_exact_one_is_divided_in_time():
    """The bounded ones come before and after it, one with a first label that is as good as exact."""
    three = ground(units=3)
    index = three.windows.index
    is_bounded = (index["unit"] != "u1") & ~index["unit"].duplicated()
    bounded = replace(
        three.windows, index=index.assign(at_least=~is_bounded & (index["unit"] != "u1"))
    )
    own = bounded.of_units(["u1"])
    divided = list(parts(bounded, count=2, seed=0, source="pump"))
    assert len(divided) == 2
    for train, held in divided:
        learned, others = train.of_units(["u1"]), train.of_units(["u0", "u2"])
        assert set(held.units()) == {"u1"}
        assert learned.rows().max() < held.rows().min()
        assert len(others) == len(bounded) - len(own)
    assert [len(train.of_units(["u1"])) for train, _ in divided] == [10, 25]
    assert [len(held) for _, held in divided] == [15, 15]
    assert np.isfinite(score(replace(three, windows=bounded), {"learning_rate": 0.01}))


def test_units_are_never_on_both_sides_and_all_are_predicted():
    windows = ground().windows
    held_units = []
    for train, held in parts(windows, count=3, seed=0, source="pumps"):
        assert set(train.units()).isdisjoint(held.units())
        held_units += sorted(set(held.units()))
    assert sorted(held_units) == sorted(set(windows.units()))


def test_a_pretrained_network_can_be_searched_but_not_resized():
    scratch = ground()
    model = models.default_config("gru", len(scratch.channels), hidden_size=4)
    start = checkpoints.dump(models.build(model, seed=1), model, scratch.channels)
    tuned = replace(scratch, start=start)
    space = parse_space("pretrained_rate = [0.2, 1.0]", source="space")
    assert plain_choice(tuned, space) == {"pretrained_rate": PRETRAINED_RATE}
    assert score(tuned, {"pretrained_rate": 0.2}) != score(tuned, {"pretrained_rate": 1.0})
    assert problems_of(space, tuned) == []
    assert (
        "pretrained_rate: no pretrained network is trained on here"
        in problems_of(space, scratch)[0]
    )
    sized = parse_space("hidden_size = [4]\nwindow = [7]", source="space")
    said = problems_of(sized, tuned)
    assert "hidden_size: a pretrained network keeps its own" in said[0]
    assert "window reaches to 7, but the stored windows have 6 readings" in said[-1]


def test_too_few_units_are_refused(tmp_path: Path):
    with pytest.raises(TooFewUnitsError, match="readings of one unit"):
        search(replace(ground(units=1), folds=20), SPACE, wanted(tmp_path, trials=1))
