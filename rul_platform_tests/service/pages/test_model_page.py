"""The page of a plant's model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS, add_version
from rul_platform_tests.service.pages.lifecycle import REPORT, story
from rul_platform_tests.service.pages.looking import signed_in, text_of
from rul_platform_tests.service.running import Running, serving

PATH = f"/plants/{PRESS}/model"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service at a plant with a past."""
    folder: Path = tmp_path_factory.mktemp("told")
    home = Home(Settings.read({"RUL_HOME": str(folder)}))
    story(home)
    with serving(home) as running:
        yield running
    home.engine.dispose()


def test_it_tells_who_answers_and_what_the_gate_measured(told: Running):
    with signed_in(told) as client:
        text = text_of(client.get(PATH).text)
    assert "Version 2 answers now" in text
    assert "50.0 hours" in text
    assert "this version errs 20.0% less than version 1" in text
    assert "+15.0% … +25.0%" in text
    assert "approved it: person aaaaaaaaaaaa" in text


def test_every_time_in_charge_is_drawn_and_in_the_table(told: Running):
    with signed_in(told) as client:
        page = client.get(PATH).text
    assert page.count('<g class="span ') == 4
    for words in (
        "promoted by the gate",
        "approved by a person",
        "forced by a person",
        "rolled back to it",
    ):
        assert words in page
    assert "people reject it" in page
    assert page.count("<tr>") == 5


def test_nothing_on_it_needs_inline_style_or_script(told: Running):
    with signed_in(told) as client:
        page = client.get(PATH).text
    assert " style=" not in page
    assert "<style" not in page
    assert "<script>" not in page


def test_the_report_is_the_stored_one_and_may_do_nothing(told: Running):
    with signed_in(told) as client:
        answer = client.get(f"/plants/{PRESS}/versions/2/report")
        assert client.get(f"/plants/{PRESS}/versions/9/report").status_code == 404
        assert client.get(f"/plants/{PRESS}/versions/..%2f2/report").status_code in (404, 422)
    assert answer.content == REPORT
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


def test_a_plant_without_a_model_says_what_to_do(tmp_path: Path):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    add_version(home, 0)
    with serving(home) as running, signed_in(running) as client:
        page = client.get(PATH)
        assert page.status_code == 200
        assert "No model answers yet" in page.text
        assert f"rul train {PRESS}" in page.text
    home.engine.dispose()


def test_it_is_said_in_french(told: Running):
    with signed_in(told, **{"Accept-Language": "fr"}) as client:
        text = text_of(client.get(PATH).text)
    assert "Périodes de service" in text
    assert "20,0" in text


@pytest.mark.parametrize("path", [PATH, f"/plants/{PRESS}/retraining", f"/plants/{PRESS}/audit",
                                  f"/audit/versions/{PRESS}:1", f"/plants/{PRESS}/versions/1/report",
                                  f"/audit/versions/{PRESS}:1/dossier"])  # fmt: skip
def test_a_token_that_may_not_read_is_told_so(told: Running, path: str):
    with signed_in(told, "predict") as client:
        answer = client.get(path)
    assert answer.status_code == 403
    assert "version 2" not in answer.text.lower()


@pytest.mark.parametrize("path", ["/plants/mill/model", "/plants/mill/retraining", "/plants/mill/audit",
                                  "/audit/versions/mill:1", f"/audit/versions/{PRESS}:99",
                                  "/audit/predictions/none"])  # fmt: skip
def test_what_is_not_there_is_not_found(told: Running, path: str):
    with signed_in(told) as client:
        assert client.get(path).status_code == 404
