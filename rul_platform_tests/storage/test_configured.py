"""A home's retraining settings: which file, which variables, and what is said of a bad one."""

from pathlib import Path

import pytest

from rul_platform.errors import ConfigError
from rul_platform.settings import Settings
from rul_platform.storage.home import Home


def home(folder: Path, **variables: str) -> Home:
    return Home(Settings.read({"RUL_HOME": str(folder), **variables}))


def test_without_any_file_the_defaults_hold(tmp_path):
    found = home(tmp_path).configured("press")

    assert found.policy.min_feedback == 100
    assert set(found.sources.values()) == {"default"}


def test_file_then_environment_then_flags(tmp_path):
    text = '{"days_back": 7, "min_feedback": 7, "plants": {"press": {"min_negative": 7}}}'
    (tmp_path / "retrain.json").write_text(text)

    found = home(tmp_path, RETRAIN_MIN_FEEDBACK="8").configured("press", {"days_back": 9})

    assert found.policy.min_negative == 7
    assert (found.policy.min_feedback, found.policy.days_back) == (8, 9)
    assert found.sources["min_negative"] == "file"
    assert home(tmp_path).configured("mill").policy.min_negative == 20


def test_another_file_may_be_named(tmp_path):
    (tmp_path / "retrain.json").write_text('{"days_back": 7}')
    other = tmp_path / "other.json"
    other.write_text('{"days_back": 8}')

    assert home(tmp_path, RETRAIN_CONFIG=str(other)).configured("press").policy.days_back == 8


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe"])
def test_a_file_that_is_no_json_is_named(tmp_path, content):
    (tmp_path / "retrain.json").write_bytes(content)

    with pytest.raises(ConfigError, match=r"retrain\.json cannot be read as JSON: .*take it away"):
        home(tmp_path).configured("press")
