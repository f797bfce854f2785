"""Transfer learning as a notebook does it: files in, arrays in, figures and files out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rul_platform.core.architectures import ARCHITECTURES, Architecture
from rul_platform.core.parents import MAX_CHECKPOINT_BYTES
from rul_platform.errors import ArraysError, CheckpointError, OptionsError
from rul_platform.notebook import (
    RulModel,
    Training,
    TransferSettings,
    export_model,
    load_pretrained,
    save_checkpoint,
    train_all,
)

CAP = 30.0
CHANNELS = ("heat", "noise")
QUICK = Training(epochs=12, batch_size=32, learning_rate=0.02)


def wearing(*, units: int = 6, life: int = 40, window: int = 5):
    """Machines whose heat rises to the end: samples, RUL and unit of each."""
    noise = np.random.default_rng(0)
    x, y, of = [], [], []
    for unit in range(units):
        wear = (np.arange(life) / (life - 1)) ** 2
        readings = np.stack([wear * 3 - 1, noise.normal(size=life)], axis=1)
        for end in range(window, life + 1):
            x.append(readings[end - window : end])
            y.append(life - end)
            of.append(f"m{unit}")
    return np.array(x), np.array(y, dtype=float), np.array(of)


def pretrained_file(folder: Path, name: Architecture = "lstm", channels=CHANNELS) -> Path:
    x, y, units = wearing()
    model = RulModel(name, CHANNELS, cap=CAP, hidden_size=8, seed=3)
    model.fine_tune(x, y, QUICK, units=units)
    model.channels = tuple(channels)
    return save_checkpoint(model, folder / f"{name}.pt")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_guide_from_checkpoint_to_checkpoint(name: Architecture, tmp_path: Path):
    """Load, apply, fine-tune, get figures, save, load again: the same predictions."""
    x, y, units = wearing()
    model = RulModel(name, CHANNELS, cap=CAP)
    model.apply(load_pretrained(name, pretrained_file(tmp_path, name)))
    result = model.fine_tune(x, y, Training(epochs=2, batch_size=64), units=units)

    again = RulModel(name, CHANNELS, cap=CAP)
    again.apply(load_pretrained(name, save_checkpoint(model, tmp_path / "mine.pt")))

    assert np.array_equal(again.predict(x), model.predict(x))
    assert 0 < result.mae <= result.rmse
    assert result.measured_on == "all samples of 1 held-out units of 6; every unit counts once"


def test_fine_tuning_learns_and_never_ends_worse_than_it_began():
    x, y, units = wearing()
    model = RulModel("gru", CHANNELS, cap=CAP, hidden_size=8)
    before = model.score(x, y, units=units)
    result = model.fine_tune(x, y, QUICK, units=units)
    assert result.rmse < 0.5 * before.rmse
    assert result.rmse <= result.history["valid_rmse"].iloc[0]
    assert result.best_step > 0


def test_a_frozen_encoder_stays_as_it_is_to_the_last_bit(tmp_path: Path):
    x, y, units = wearing()
    pretrained = load_pretrained("lstm", pretrained_file(tmp_path))
    model = RulModel("lstm", CHANNELS, cap=CAP)
    report = model.apply(pretrained, freeze_encoder=True)
    model.fine_tune(x[::3], y[::3] / 2, QUICK, units=units[::3])

    after = model.network.state_dict()
    changed = {name for name, t in after.items() if not torch.equal(t, pretrained.state[name])}
    assert report.frozen
    assert changed.isdisjoint(report.frozen)
    assert any(name.startswith("head") for name in changed)


def test_weights_of_channels_that_the_plant_lacks_are_skipped_and_named(tmp_path: Path):
    pretrained = load_pretrained("lstm", pretrained_file(tmp_path, channels=("heat", "pressure")))
    report = RulModel("lstm", CHANNELS, cap=CAP).apply(pretrained)
    said = " ".join(skipped.why for skipped in report.skipped)
    assert "pressure" in said
    assert "noise" in said


SCALER = {"mean": [0.0, 0.0], "spread": [1.0, 1.0]}


def test_a_checkpoint_keeps_the_terms_that_it_learned_on(tmp_path: Path):
    x, y, units = wearing()
    model = RulModel("gru", CHANNELS, cap=CAP, hidden_size=4, life_unit="hours", scaler=SCALER)
    model.fine_tune(x, y, Training(epochs=1), units=units)
    terms = load_pretrained("gru", save_checkpoint(model, tmp_path / "gru.pt")).terms
    assert (terms.cap, terms.life_unit, terms.window) == (CAP, "hours", 5)
    again = RulModel("gru", CHANNELS, scaler=terms.scalers[0])
    assert again.terms.scalers == RulModel("gru", CHANNELS, scaler=SCALER).terms.scalers


def test_another_scaler_is_a_remark_where_both_are_known(tmp_path: Path):
    known = RulModel("gru", CHANNELS, cap=CAP, hidden_size=4, scaler=SCALER)
    pretrained = load_pretrained("gru", save_checkpoint(known, tmp_path / "gru.pt"))
    other = RulModel("gru", CHANNELS, cap=CAP, scaler=SCALER | {"mean": [0.0, 0.5]})
    assert list(other.apply(pretrained).remarks) == ["scaler"]
    assert other.predict(np.zeros((1, 5, 2))).shape == (1,)
    for alike in (RulModel("gru", CHANNELS, cap=CAP), known):
        assert alike.apply(pretrained).remarks == {}


def test_another_window_is_a_remark_once_there_are_samples(tmp_path: Path):
    x, y, units = wearing(window=7)
    model = RulModel("lstm", CHANNELS, cap=CAP)
    assert model.apply(load_pretrained("lstm", pretrained_file(tmp_path))).remarks == {}
    model.fine_tune(x, y, Training(epochs=1), units=units)
    assert model.report is not None
    assert model.report.remarks == {
        "window": "it learned from windows of 5 readings, here they have 7"
    }


def test_a_model_of_another_cap_must_learn_before_it_answers(tmp_path: Path):
    """Its answers are in units of its own cap: read with another, each would be off by the ratio."""
    x, y, units = wearing()
    model = RulModel("lstm", CHANNELS, cap=2 * CAP)
    report = model.apply(load_pretrained("lstm", pretrained_file(tmp_path)))
    assert list(report.remarks) == ["cap"]
    for ask in (lambda: model.predict(x), lambda: model.score(x, y, units=units)):
        with pytest.raises(CheckpointError, match="a label cap of 30, here the cap is 60"):
            ask()
    done = model.fine_tune(x, y, Training(epochs=2, batch_size=64), units=units)
    assert model.score(x, y, units=units).mae > 0
    assert done.mae > 0


def test_a_scaler_that_has_no_fingerprint_and_an_unknown_unit_of_life_are_refused():
    with pytest.raises(OptionsError) as refused:
        RulModel("gru", CHANNELS, life_unit="days", scaler={"mean": np.zeros(2)})
    assert "life_unit: found 'days', expected cycles, hours or seconds" in str(refused.value)
    assert "expected a fingerprint, or plain names, numbers and lists" in str(refused.value)


def test_without_units_it_says_what_was_held_out():
    x, y, _ = wearing()
    model = RulModel("gru", CHANNELS, cap=CAP, hidden_size=4)
    result = model.fine_tune(x, y, Training(epochs=1))
    assert "because no unit ids were given" in result.measured_on


def test_labels_above_the_cap_count_as_the_cap():
    """A machine far from its end is not an error of the whole distance."""
    x, _, units = wearing()
    model = RulModel("gru", CHANNELS, cap=CAP, hidden_size=4)
    assert model.score(x, np.full(len(x), 1e6), units=units).mae <= CAP


def test_samples_with_other_features_than_the_model_are_refused():
    with pytest.raises(
        ArraysError, match="x has 3 features, the model has 2 channels: heat, noise"
    ):
        RulModel("gru", CHANNELS, cap=CAP).predict(np.zeros((2, 5, 3)))


def test_another_architecture_is_refused_in_the_file_and_in_memory(tmp_path: Path):
    file = pretrained_file(tmp_path)
    with pytest.raises(CheckpointError, match="model_name: found 'lstm', expected 'gru'"):
        load_pretrained("gru", file)
    with pytest.raises(CheckpointError, match="model_name: found 'lstm', expected 'tcn'"):
        RulModel("tcn", CHANNELS).apply(load_pretrained("lstm", file))


def test_a_file_that_is_too_large_is_not_even_read(tmp_path: Path):
    file = tmp_path / "huge.pt"
    with file.open("wb") as stream:
        stream.truncate(MAX_CHECKPOINT_BYTES + 1)
    with pytest.raises(CheckpointError, match="size in bytes: found 268435457, expected 'at most"):
        load_pretrained("lstm", file)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path):
    torch.save({"model_state_dict": print}, tmp_path / "evil.pt")
    with pytest.raises(CheckpointError, match=r"a torch\.save archive of plain tensors"):
        load_pretrained("lstm", tmp_path / "evil.pt")


def test_all_models_start_from_what_there_is(tmp_path: Path):
    x, y, units = wearing()
    settings = TransferSettings(
        lstm_pretrained_path=pretrained_file(tmp_path),
        tcn_pretrained_path=pretrained_file(tmp_path, "tcn"),
        lstm_freeze_layers=True,
    )
    done = train_all(
        x, y, CHANNELS, units=units, how=Training(epochs=2, batch_size=64), settings=settings,
        cap=CAP, hidden_size=8,
    )  # fmt: skip
    table = done.table.set_index("architecture")
    assert table["transferred"].to_dict() == {
        "lstm": True, "gru": False, "tcn": True, "constant": False,
    }  # fmt: skip
    assert table.loc["lstm", "frozen"] == len(done.reports["lstm"].frozen) > 0
    assert table.loc["tcn", "frozen"] == 0
    assert set(done.reports) == {"lstm", "tcn"}
    assert table.loc["lstm", "rmse"] < table.loc["constant", "rmse"]
    assert done.models["lstm"].predict(x).shape == (len(x),)


def test_transfer_can_be_switched_off(tmp_path: Path):
    settings = TransferSettings(
        transfer_learning_enabled=False, lstm_pretrained_path=pretrained_file(tmp_path)
    )
    assert settings.pretrained() == {}


def test_one_bad_checkpoint_stops_everything_before_any_training(tmp_path: Path):
    x, y, units = wearing()
    settings = TransferSettings(gru_pretrained_path=pretrained_file(tmp_path, "lstm"))
    with pytest.raises(CheckpointError, match="model_name: found 'lstm', expected 'gru'"):
        train_all(x, y, CHANNELS, units=units, settings=settings)


def test_the_export_is_read_back_with_torch_and_json_alone(tmp_path: Path):
    model = RulModel("lstm", CHANNELS, cap=CAP, hidden_size=8)
    model.apply(load_pretrained("lstm", pretrained_file(tmp_path)))
    folder = export_model(model, tmp_path / "export")

    weights = torch.load(folder / "weights.pt", weights_only=True)
    described = json.loads((folder / "architecture.json").read_bytes())
    info = json.loads((folder / "model_info.json").read_bytes())

    assert {name: list(tensor.shape) for name, tensor in weights.items()} == described["weights"]
    assert described["config"]["channels"] == list(CHANNELS)
    assert info["cap"] == CAP
    assert set(info["files"]) == {"weights.pt", "architecture.json"}
    assert info["transfer"]["loaded"]


def test_an_export_never_goes_into_a_folder_that_holds_something(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="name a new folder or an empty one"):
        export_model(RulModel("gru", CHANNELS, hidden_size=4), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_model_that_cannot_be_built_is_refused_with_all_its_problems():
    with pytest.raises(OptionsError) as refused:
        RulModel("transformer", ["heat", "heat"], cap=-3, hidden_size=0, seed=-1)  # pyright: ignore[reportArgumentType]
    assert str(refused.value) == (
        "Options of RulModel do not fit; nothing was started.\n"
        "  - architecture: found 'transformer', expected lstm, gru or tcn\n"
        "  - channels: found ['heat', 'heat'], expected a list of names, each once\n"
        "  - cap: found -3, expected a number above 0\n"
        "  - hidden_size: found 0, expected a whole number from 1\n"
        "  - seed: found -1, expected a whole number from 0 to 4294967295"
    )


@pytest.mark.parametrize("channels", [[], "heat", ["heat", ""], ["heat", 3], None])
def test_channels_that_are_no_list_of_names_are_refused(channels: Any):
    with pytest.raises(OptionsError, match=r"channels: found .*, expected a list of names"):
        RulModel("gru", channels)


@pytest.mark.parametrize("cap", [0, float("nan"), float("inf"), True, "30"])
def test_a_cap_that_is_no_life_is_refused(cap: Any):
    with pytest.raises(OptionsError, match=r"cap: found .*, expected a number above 0"):
        RulModel("gru", CHANNELS, cap=cap)


def test_a_training_that_cannot_be_is_refused_with_all_its_problems():
    with pytest.raises(OptionsError) as refused:
        Training(epochs=0, learning_rate=-1, batch_size=0, validation=1.0, seed=0.5)  # pyright: ignore[reportArgumentType]
    assert str(refused.value) == (
        "Options of Training do not fit; nothing was started.\n"
        "  - epochs: found 0, expected a whole number from 1\n"
        "  - learning_rate: found -1, expected a number above 0\n"
        "  - batch_size: found 0, expected a whole number from 1\n"
        "  - validation: found 1.0, expected a share between 0 and 1, neither of them\n"
        "  - seed: found 0.5, expected a whole number from 0 to 4294967295"
    )


def test_what_numpy_calls_names_and_numbers_is_taken_and_comes_back(tmp_path: Path):
    """A notebook has arrays; a checkpoint holds plain values, or it could not be loaded again."""
    model = RulModel(
        "gru", np.array(CHANNELS), cap=np.float64(30), hidden_size=np.int64(4), seed=np.int64(1)  # pyright: ignore[reportArgumentType]
    )  # fmt: skip
    again = load_pretrained("gru", save_checkpoint(model, tmp_path / "gru.pt"))
    assert (again.channels, again.config.hidden_size) == (CHANNELS, 4)
