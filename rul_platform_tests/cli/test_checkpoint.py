"""`rul checkpoint`: bring one, list all, select one."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
import torch

from rul_platform_tests.checkpoints import checkpoint_bytes, checkpoint_file
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.orchestration.conftest import PUMPS, finished_home

__all__ = ["finished_home"]

NAME = "models/pretrained/lstm_cmapss.pt"
BECAUSE = ("--reason", "better")


@pytest.fixture
def fresh(tmp_path: Path) -> Terminal:
    """A shell on a home with nothing in it."""
    return Terminal(tmp_path / "home")


def test_a_file_is_imported_listed_and_selected(fresh: Terminal, tmp_path: Path):
    assert "No checkpoint yet" in fresh.types("checkpoint", "list").out
    file = str(checkpoint_file(tmp_path))
    made = fresh.types("checkpoint", "import", file, "--as", NAME, "--seen", "FD001", "--by", "Ann")
    assert made.code == 0, made.err
    assert f"rul checkpoint select lstm {NAME} --reason TEXT" in made.out
    (row,) = fresh.reads("checkpoint", "list")
    assert (row["names"], row["architecture"], row["origin"]) == (
        [NAME], "lstm", "imported_checkpoint",
    )  # fmt: skip
    assert (row["seen"], row["is_selected"], row["is_parent"]) == (["FD001"], False, False)
    assert row["config"]["channels"] == ["heat", "age"]
    assert str(tmp_path) not in json.dumps(row)

    chosen = fresh.reads("checkpoint", "select", "lstm", NAME, *BECAUSE, "--by", "Ann")

    assert chosen == {
        "architecture": "lstm", "name": NAME, "sha256": row["sha256"],
        "origin": "imported_checkpoint", "before": None,
    }  # fmt: skip
    (row,) = fresh.reads("checkpoint", "list")
    assert (row["is_selected"], row["is_parent"]) == (True, True)
    out = fresh.types("checkpoint", "list").out
    assert out.startswith("* lstm  ")
    assert "4 hidden, 2 channels" in out
    assert "seen: FD001" in out
    assert fresh.types("audit", "verify").code == 0
    home = fresh.open()
    bodies = [json.loads(row.body) for row in home.ledger.of_kind("checkpoint", "parent")]
    assert {body["actor"] for body in bodies} == {home.people.of("Ann", home.now())}
    home.engine.dispose()


def test_the_same_name_for_another_file_is_refused(fresh: Terminal, tmp_path: Path):
    file = checkpoint_file(tmp_path)
    bring = ("checkpoint", "import", str(file), "--as", NAME)
    assert fresh.types(*bring).code == fresh.types(*bring).code == 0
    file.write_bytes(checkpoint_bytes(seed=2))
    assert "A name never changes what it stands for" in fresh.is_refused(*bring)
    assert len(fresh.reads("checkpoint", "list")) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lstm", "../../etc/passwd"), "No checkpoint is called '../../etc/passwd'"),
        (("lstm", "models/pretrained/lstm_cmaps.pt"), f"did you mean '{NAME}'"),
        (("gru", NAME), "is a lstm network, expected a gru one"),
        (("gru", "pretrained"), "No checkpoint is called 'pretrained'; there is none yet."),
    ],
)
def test_what_cannot_be_selected_is_told(
    fresh: Terminal, tmp_path: Path, words: tuple[str, str], message: str
):
    fresh.types("checkpoint", "import", str(checkpoint_file(tmp_path)), "--as", NAME)
    assert message in fresh.is_refused("checkpoint", "select", *words, *BECAUSE)
    assert "--reason" in fresh.is_refused("checkpoint", "select", *words, code=2)


class Evil:
    """Would run code when unpickled."""

    def __reduce__(self):
        return (print, ("this must never be printed",))


def saved(payload: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(payload, buffer)
    return buffer.getvalue()


def with_nan() -> bytes:
    payload = torch.load(io.BytesIO(checkpoint_bytes()), weights_only=True)
    payload["model_state_dict"]["head.bias"][0] = float("nan")
    return saved(payload)


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(2**20))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes that are no whole archive"),
        (checkpoint_bytes()[:900], "900 bytes that are no whole archive"),
        (saved({"model_state_dict": Evil()}), "which could run code"),
        (saved([1]), "model_state_dict: found 'NoneType'"),
        (with_nan(), "a value that is NaN or infinite"),
        (bomb(), "an archive with compressed entries"),
    ],
    ids=["empty", "cut off", "code", "a list", "NaN", "bomb"],
)
def test_a_file_that_is_no_checkpoint_is_refused(
    fresh: Terminal, tmp_path: Path, data: bytes, message: str
):
    file = tmp_path / "bad.pt"
    file.write_bytes(data)
    said = fresh.is_refused("checkpoint", "import", str(file), "--as", NAME)
    assert message in said
    assert "never be printed" not in said
    assert fresh.reads("checkpoint", "list") == []


@pytest.mark.parametrize("path", ["", "nowhere.pt", "a" * 300, "loop"])
def test_a_path_that_leads_to_no_file_is_refused(fresh: Terminal, tmp_path: Path, path: str):
    (tmp_path / "loop").symlink_to("loop")
    said = fresh.is_refused("checkpoint", "import", str(tmp_path / path), "--as", NAME)
    assert "expected 'a checkpoint file that can be read'" in said


@pytest.mark.parametrize("name", ["a b", "a\n", "x" * 201, "é", "pretrained", "0" * 64, ""])
def test_a_name_that_is_none_is_refused(fresh: Terminal, tmp_path: Path, name: str):
    file = str(checkpoint_file(tmp_path))
    said = fresh.is_refused("checkpoint", "import", file, "--as", name)
    assert "The name of a checkpoint is" in said
    both = ("--seen", "FD001", "--seen", "nothing-of-these")
    said = fresh.is_refused("checkpoint", "import", file, "--as", NAME, *both)
    assert "nothing-of-these alone" in said


def test_a_training_starts_from_what_is_selected_and_pretrains_nothing(
    finished_home: Path, tmp_path: Path
):
    """Also of an architecture that was never pretrained here."""
    terminal = Terminal(Path(shutil.copytree(finished_home, tmp_path / "home")))
    file = str(checkpoint_file(tmp_path))
    for words in (("import", file, "--as", NAME), ("select", "lstm", NAME, *BECAUSE)):
        assert terminal.types("checkpoint", *words).code == 0
    short = ("--approach", "head_only", "--folds", "2", "--steps", "3", "--set", "scratch_steps=3")
    done = terminal.types("train", PUMPS, "--architecture", "lstm", *short)
    assert done.code == 0, done.err
    assert f"lstm starts from {NAME}, as selected: nothing is pretrained." in done.out
    assert "pretrained_checkpoint" not in done.out
    origins = {row["architecture"]: row["origin"] for row in terminal.reads("checkpoint", "list")}
    assert origins == {"lstm": "imported_checkpoint", "gru": "pretrained_checkpoint"}
    small = ("--subset", "SIM", "--set", "steps=6", "--set", "hidden_size=4")
    said = terminal.types("pretrain", "lstm", *small).out
    assert f"Before that: plants start from {NAME}, as selected, until" in said
