"""What plants can start from, and who decides."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rul_platform.errors import (
    CheckpointError,
    CheckpointNameError,
    CorruptArtifactError,
    OtherArchitectureError,
    ParentChangedError,
    RecordError,
    UnknownCheckpointError,
)
from rul_platform.operation import parents
from rul_platform.operation.audit.verify import HOLDS, verify
from rul_platform.operation.parents import Selected
from rul_platform.orchestration.imported_checkpoints import import_checkpoint
from rul_platform.storage.home import Home
from rul_platform_tests.checkpoints import checkpoint_bytes, checkpoint_file
from rul_platform_tests.storage.at_once import in_threads

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = "a" * 64
NAME = "models/pretrained/lstm_cmapss.pt"


def bring(home: Home, folder: Path, name: str = NAME, *, seen: tuple[str, ...] = (), **of) -> str:
    """Import a checkpoint; gives its sha256."""
    file = checkpoint_file(folder, **of)
    return import_checkpoint(home, file, name, seen=seen, actor=ANN, now=NOW).sha256


def pretrain(home: Home, architecture: str = "lstm", seed: int = 7) -> str:
    """As if the asset had made one."""
    card = {"architecture": architecture, "subsets": ["SIM"], "window": 30, "cap": 125.0}
    data = checkpoint_bytes(architecture, seed=seed)
    made = home.store.write({"checkpoint.pt": data, "card.json": json.dumps(card).encode()})
    values = {"run_id": "r", "code_version": "c", "parameters": {}, "environment": {}}
    home.lineage.record(
        asset="pretrained_checkpoint", partition=architecture, sha256=made.sha256, inputs=(),
        now=NOW, **values,
    )  # fmt: skip
    return made.sha256


def choose(home: Home, wanted: str, expected: str | None = None, architecture: str = "lstm"):
    return parents.select(
        home, architecture, wanted, actor=ANN, expected=expected, now=NOW, reason="better"
    )


def test_an_empty_home_knows_nothing_and_starts_from_nothing(home: Home):
    assert parents.known(home) == ()
    assert parents.selected(home, "lstm") is None
    assert parents.parent_of(home, "lstm") is None
    with pytest.raises(UnknownCheckpointError, match="'pretrained'; there is none yet"):
        choose(home, "pretrained")


def test_everything_registered_is_known_with_what_it_is(home: Home, tmp_path: Path):
    first, second = pretrain(home, seed=1), pretrain(home, seed=2)
    given = bring(home, tmp_path, seen=("FD002", "FD001"))
    bring(home, tmp_path, "again", seen=("FD001", "FD002"))
    bring(home, tmp_path, "gru.pt", architecture="gru")

    found = parents.known(home)

    assert [(each.names, each.architecture, each.origin) for each in found] == [
        ((), "lstm", "pretrained_checkpoint"),
        (("pretrained",), "lstm", "pretrained_checkpoint"),
        ((NAME, "again"), "lstm", "imported_checkpoint"),
        (("gru.pt",), "gru", "imported_checkpoint"),
    ]
    assert [each.sha256 for each in found[:3]] == [first, second, given]
    assert [each.seen for each in found] == [("SIM",), ("SIM",), ("FD001", "FD002"), None]
    assert found[2].config["channels"] == ["heat", "age"]
    assert found[2].config["hidden_size"] == 4
    assert str(tmp_path) not in json.dumps([each.config for each in found])


def test_without_a_selection_the_newest_of_the_asset_is_the_parent(home: Home, tmp_path: Path):
    bring(home, tmp_path)
    assert parents.parent_of(home, "lstm") is None
    pretrain(home, seed=1)
    newest = pretrain(home, seed=2)
    parent = parents.parent_of(home, "lstm")
    assert parent is not None
    assert (parent.sha256, parent.origin) == (newest, "pretrained_checkpoint")


@pytest.mark.parametrize("by_hash", [False, True])
def test_what_is_selected_is_the_parent_until_something_else_is(
    home: Home, tmp_path: Path, by_hash: bool
):
    made, given = pretrain(home), bring(home, tmp_path)
    chosen = choose(home, given if by_hash else NAME)
    assert (chosen.sha256, chosen.name, chosen.origin) == (given, NAME, "imported_checkpoint")
    assert (chosen.actor, chosen.reason, chosen.created_at) == (ANN, "better", NOW)
    assert parents.selected(home, "lstm") == chosen
    parent = parents.parent_of(home, "lstm")
    assert parent is not None
    assert parent.sha256 == given
    pretrain(home, seed=9)
    assert parents.selected(home, "lstm") == chosen
    older = choose(home, made, expected=given)
    assert (older.sha256, older.name) == (made, "")
    rows = [json.loads(row.body) for row in home.ledger.of_kind("parent")]
    assert [(row["over"], row["sha256"]) for row in rows] == [(None, given), (given, made)]
    assert verify(home).exit_code == HOLDS


def test_the_word_pretrained_follows_the_asset(home: Home, tmp_path: Path):
    given, first = bring(home, tmp_path), pretrain(home, seed=1)
    choose(home, NAME)
    assert choose(home, "pretrained", expected=given).sha256 == first
    second = pretrain(home, seed=2)
    now = parents.selected(home, "lstm")
    assert now is not None
    assert (now.sha256, now.name) == (second, "pretrained")
    with pytest.raises(ParentChangedError):
        choose(home, NAME, expected=first)
    assert choose(home, second, expected=second).name == ""  # stays, whatever is pretrained next
    pretrain(home, seed=3)
    parent = parents.parent_of(home, "lstm")
    assert parent is not None
    assert parent.sha256 == second


def test_the_same_again_changes_nothing(home: Home, tmp_path: Path):
    given = bring(home, tmp_path)
    chosen = choose(home, NAME)
    assert choose(home, given, expected=None) == chosen
    assert len(home.parents.history()) == len(home.ledger.of_kind("parent")) == 1


def test_a_decision_on_what_is_no_more_selected_is_refused(home: Home, tmp_path: Path):
    bring(home, tmp_path)
    other = bring(home, tmp_path, "other", seed=2)
    choose(home, NAME)
    with pytest.raises(ParentChangedError, match="based on checkpoint none, but "):
        choose(home, "other")
    with pytest.raises(ParentChangedError):
        choose(home, "other", expected=other)
    assert len(home.ledger.of_kind("parent")) == 1


def test_of_eight_that_decide_on_the_same_selection_one_does(home: Home, tmp_path: Path):
    for each in range(8):
        bring(home, tmp_path, f"n{each}", seed=each)
    made = in_threads(lambda each: choose(home, f"n{each}"), 8)
    assert sum(isinstance(each, Selected) for each in made) == 1
    assert sum(isinstance(each, ParentChangedError) for each in made) == 7
    assert len(home.parents.history()) == len(home.ledger.of_kind("parent")) == 1


@pytest.mark.parametrize(
    "wanted",
    ["../../etc/passwd", "/etc/passwd", "", "latest", "0" * 64, "a\0b", "x" * 10**6, "B" * 64,
     "models/pretrained/../pretrained/lstm_cmapss.pt"],
)  # fmt: skip
def test_what_is_not_registered_is_unknown_whatever_it_looks_like(
    home: Home, tmp_path: Path, wanted: str
):
    bring(home, tmp_path)
    with pytest.raises(UnknownCheckpointError) as refused:
        choose(home, wanted)
    assert NAME in str(refused.value)
    assert len(str(refused.value)) < 600
    assert home.parents.history() == ()


def test_a_name_that_is_nearly_right_is_suggested(home: Home, tmp_path: Path):
    bring(home, tmp_path)
    with pytest.raises(UnknownCheckpointError, match=f"did you mean '{NAME}'"):
        choose(home, NAME.removesuffix(".pt"))


def test_a_checkpoint_of_another_architecture_is_refused(home: Home, tmp_path: Path):
    sha256 = bring(home, tmp_path)
    for wanted in (NAME, sha256):
        with pytest.raises(OtherArchitectureError, match="is a lstm network, expected a gru one"):
            choose(home, wanted, architecture="gru")
    with pytest.raises(RecordError, match="The architecture is 'rnn', but must be lstm or gru"):
        choose(home, NAME, architecture="rnn")
    with pytest.raises(RecordError, match="The reason"):
        parents.select(home, "lstm", NAME, actor=ANN, expected=None, now=NOW, reason=" ")


def test_a_damaged_checkpoint_is_not_selected(home: Home, tmp_path: Path):
    artifact = home.store.artifact(bring(home, tmp_path))
    path = home.store.path(artifact, "checkpoint.pt")
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(CorruptArtifactError):
        choose(home, NAME)
    assert home.parents.history() == ()


def test_an_import_is_stored_as_it_came_and_the_ledger_says_who(home: Home, tmp_path: Path):
    file = checkpoint_file(tmp_path)
    made = import_checkpoint(home, file, NAME, seen=("FD001",), actor=ANN, now=NOW)
    artifact = home.store.artifact(made.sha256)
    assert home.store.read(artifact, "checkpoint.pt") == file.read_bytes()
    card = json.loads(home.store.read(artifact, "card.json"))
    assert (card["origin"], card["subsets"], card["windows"]) == (
        "imported_checkpoint",
        ["FD001"],
        {},
    )
    (row,) = home.ledger.of_kind("checkpoint")
    body = json.loads(row.body)
    assert (body["actor"], body["sha256"]) == (ANN, made.sha256)
    again = import_checkpoint(home, file, NAME, actor=ANN, now=NOW + timedelta(days=1))
    assert again == made
    file.write_bytes(checkpoint_bytes(seed=2))
    with pytest.raises(CheckpointNameError, match="stands for another file"):
        import_checkpoint(home, file, NAME, actor=ANN, now=NOW)
    assert len(home.ledger.of_kind("checkpoint")) == 1
    assert verify(home).exit_code == HOLDS


def test_what_does_not_fit_leaves_nothing_behind(home: Home, tmp_path: Path):
    file = tmp_path / "bad.pt"
    file.write_bytes(b"")
    for path in (file, tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CheckpointError):
            import_checkpoint(home, path, NAME, actor=ANN, now=NOW)
    for name in ("a\0b", "a\n", "x" * 201, "pretrained"):
        with pytest.raises(RecordError):
            import_checkpoint(home, checkpoint_file(tmp_path), name, actor=ANN, now=NOW)
    assert parents.known(home) == ()
    assert home.ledger.newest() is None
    assert not list(home.store.root.glob("??/*"))
