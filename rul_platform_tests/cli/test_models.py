"""`rul models`: the list, and one version as files."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.served import PRESS, model_files


def test_without_a_command_it_lists(terminal: Terminal):
    assert terminal.types("models", PRESS).out == terminal.types("models", "list", PRESS).out
    assert {row["plant"] for row in terminal.reads("models")} == {"mill", PRESS}
    assert "rul models export" in terminal.types("models", "--help").out


def test_a_version_comes_out_whole_with_weights_architecture_and_info(
    terminal: Terminal, tmp_path: Path
):
    folder = tmp_path / "press_2"

    done = terminal.types("models", "export", PRESS, "2", "--to", str(folder))

    assert done.code == 0, done.err
    assert f"press version 2, champion: {len(list(folder.iterdir()))} files in {folder}" in done.out
    info = json.loads((folder / "model_info.json").read_bytes())
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "model_info.json"
    }
    assert {name: entry["sha256"] for name, entry in info["files"].items()} == found
    assert info["number"] == 2
    assert info["life_unit"] == "hours"
    assert (folder / "model.onnx").read_bytes() == model_files(1)["model.onnx"]


def test_its_weights_are_those_that_serve(terminal: Terminal, tmp_path: Path):
    """The architecture names the shapes of the plain weights; the graph answers like its input says."""
    folder = tmp_path / "press_1"
    assert terminal.types("models", "export", PRESS, "1", "--to", str(folder)).code == 0
    described = json.loads((folder / "architecture.json").read_bytes())

    for name, network in described["networks"].items():
        weights = torch.load(folder / f"{name}.weights.pt", weights_only=True)
        assert {key: list(tensor.shape) for key, tensor in weights.items()} == network["weights"]
    _, window, channels = described["graph"]["inputs"]["x"]
    session = ort.InferenceSession(str(folder / "model.onnx"))
    (said,) = session.run(["rul"], {"x": np.zeros((2, window, channels), dtype=np.float32)})
    assert said.shape == (2,)


def test_what_cannot_be_exported_is_refused_and_leaves_nothing(terminal: Terminal, tmp_path: Path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")

    said = terminal.is_refused("models", "export", PRESS, "1", "--to", str(full))
    assert "there is something already; name a new folder or an empty one" in said
    said = terminal.is_refused("models", "export", PRESS, "9", "--to", str(tmp_path / "nine"))
    assert "9" in said
    said = terminal.is_refused("models", "export", "NOPE", "1", "--to", str(tmp_path / "nope"))
    assert "NOPE" in said

    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["full"]
    assert [path.name for path in full.iterdir()] == ["mine.txt"]


def test_damage_is_found_before_anything_is_written(terminal: Terminal, tmp_path: Path):
    home = terminal.open()
    artifact = home.store.artifact(home.registry.version(PRESS, 1).sha256)
    path = home.store.path(artifact, "model.onnx")
    path.chmod(0o600)
    path.write_bytes(b"another graph")

    said = terminal.is_refused("models", "export", PRESS, "1", "--to", str(tmp_path / "out"))

    assert "the bytes hash to" in said
    assert not (tmp_path / "out").exists()
