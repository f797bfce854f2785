"""`rul pretrain`: what is trained, what is said of it, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest

from rul_platform.orchestration.step import current
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.orchestration.conftest import PUMPS, finished_home

__all__ = ["finished_home"]

SIMULATED = ("pretrain", "gru", "--subset", "SIM")
TINY = ("--set", "steps=6", "--set", "hidden_size=4", "--set", "validate_every=2")


@pytest.fixture
def terminal(finished_home: Path, tmp_path: Path) -> Terminal:
    """A copy of a home in which everything was made once."""
    return Terminal(Path(shutil.copytree(finished_home, tmp_path / "home")))


def card_of(terminal: Terminal) -> dict:
    home = terminal.open()
    card = json.loads(current(home, "pretrained_checkpoint", "gru").read("card.json"))
    home.engine.dispose()
    return card


def test_every_kind_of_option_reaches_the_training(terminal: Terminal):
    shape = ("bins=8", "loss=distribution", "normalise=true", "bidirectional=yes", "layers=2")
    loop = ("far=1.6", "augment=jitter,mixup", "averaging=ema", "dropout=0.2", "patience=2")
    more = ("schedule=cosine", "find_rate=true", "logs=json_lines")
    typed = [word for each in (*shape, *loop, *more) for word in ("--set", each)]
    done = terminal.types(*SIMULATED, *TINY, *typed)
    assert done.code == 0, done.err
    told = card_of(terminal)["training"]
    assert (told["bins"], told["bidirectional"], told["augment"]) == (8, True, ["jitter", "mixup"])
    assert "For the peak of a one-cycle schedule take" in done.out
    assert list((terminal.folder / "training").glob("*/progress.jsonl"))


def test_it_says_how_good_and_how_long_and_what_the_diagnosis_found(terminal: Terminal):
    done = terminal.types(*SIMULATED, *TINY)
    assert done.code == 0, done.err
    assert "gru on SIM: validation RMSE " in done.out
    assert "on engines that also decided when to stop; 6 of at most 6 steps, best after" in done.out
    assert "CPU s." in done.out
    assert "To start from it: rul train PLANT --architecture gru --subset SIM" in done.out
    again = terminal.types(*SIMULATED, *TINY)
    assert again.out.count("made already") == 2
    told = terminal.reads(*SIMULATED, *TINY)
    assert told["valid_rmse"] == card_of(terminal)["valid_rmse"]
    assert {each["severity"] for each in told["findings"]} <= {"good", "note", "warning", "error"}
    assert told["findings"]
    assert f"{told['findings'][0]['what']}." in done.out


def test_what_is_wrong_is_told_at_once_and_nothing_is_trained(terminal: Terminal):
    before = terminal.hashes()
    said = terminal.is_refused(*SIMULATED, "--set", "binz=3", "--set", "dropout=2")
    assert "Options of pretrained_checkpoint do not fit; nothing was started." in said
    assert "'binz' is no option; did you mean 'bins'?" in said
    assert "dropout is '2', expected less than 1" in said
    said = terminal.is_refused(*SIMULATED, "--set", "loss=distribution")
    assert "bins is 0, expected 2 or more for the loss 'distribution', else 0" in said
    assert "'rnn' is not one of" in terminal.is_refused("pretrain", "rnn", code=2)
    assert terminal.hashes() == before


def test_a_training_keeps_what_was_pretrained_with_options(terminal: Terminal):
    """And learns a distribution where the pretrained network has bins."""
    distribution = ("--set", "loss=distribution")
    train = ("train", PUMPS, "--architecture", "gru", "--subset", "SIM", *distribution)
    before = card_of(terminal)
    said = terminal.is_refused(*train)
    assert "the gru to start from answers with one number, not with shares of bins" in said
    assert "`rul pretrain gru --set bins=32 --set loss=distribution`" in said
    assert card_of(terminal) == before
    shape = ("--set", "bins=8", "--set", "hidden_size=16", "--set", "steps=6")
    assert terminal.types(*SIMULATED, *shape, *distribution).code == 0
    short = ("--approach", "head_only", "--folds", "2", "--steps", "3", "--set", "scratch_steps=3")
    done = terminal.types(*train, *short)
    assert done.code == 0, done.err
    assert "pretrained_checkpoint [gru]: made already" in done.out
