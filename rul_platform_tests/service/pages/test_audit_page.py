"""The pages of an audit."""

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from rul_platform.operation.provenance import ENVELOPE
from rul_platform.operation.told_failures import KEY, LOST, WORDS
from rul_platform.service.pages.wording import FAILURES
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS, add_version
from rul_platform_tests.service.pages.lifecycle import rated, story
from rul_platform_tests.service.pages.looking import signed_in, text_of
from rul_platform_tests.service.running import Running, serving

PATH = f"/plants/{PRESS}/audit"
VERSION = f"/audit/versions/{PRESS}:2"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service at a plant with a past."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path_factory.mktemp("told"))}))
    story(home)
    with serving(home) as running:
        yield running
    home.engine.dispose()


def shown(running: Running, path: str) -> str:
    with signed_in(running) as client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text[:500]
    return text_of(answer.text)


def test_the_ledger_in_plain_words(told: Running):
    text = shown(told, PATH)
    assert "The ledger is signed to its last row" in text
    for words in (
        "The gate judged version 3 : Reject",
        "A person forced it past the gate: version 3",
        "Rolled back from version 3 to version 2",
        "A person approved version 2",
        "In charge now: version 2 , after version 1 (approved by a person)",
    ):
        assert words in text


def test_older_rows_come_page_by_page(told: Running):
    rows = told.home.ledger.newest_of_plant(PRESS, limit=100)
    text = shown(told, f"{PATH}?before={rows[-1].seq + 1}")
    assert "Newest rows" in text
    assert "The gate judged version 3" not in text
    with signed_in(told) as client:
        assert client.get(f"{PATH}?before=none").status_code == 422


def test_a_version_down_to_raw_data(told: Running):
    with signed_in(told) as client:
        page = client.get(VERSION).text
    text = text_of(page)
    assert "Signed how it was made signature holds" in text
    assert "person aaaaaaaaaaaa" in text
    assert page.count('<a class="node') == 4
    assert "plant_source press 555555555555 · from outside" in text
    assert "c0de" in text
    assert "told above" in text


def test_a_prediction_is_found_with_its_origins(told: Running):
    number = rated(told.home, 1, 0)
    with signed_in(told) as client:
        answer = client.get("/audit/find", params={"subject": number, "plant": PRESS})
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/audit/predictions/{number}"
        page = client.get(answer.headers["location"])
        dossier = client.get(f"/audit/predictions/{number}/dossier")
    assert "30.0 hours (25.0 … 36.0)" in text_of(page.text)
    assert number in dossier.text
    assert "sandbox" in dossier.headers["content-security-policy"]


def test_a_version_is_found_by_name_and_by_hash(told: Running):
    version = told.home.registry.version(PRESS, 1)
    with signed_in(told) as client:
        for subject in (f"{PRESS}:1", version.sha256[:16]):
            answer = client.get("/audit/find", params={"subject": subject, "plant": PRESS})
            assert answer.headers["location"] == f"/audit/versions/{PRESS}:1"


def test_what_is_not_found_leads_back_and_is_shown_as_text(told: Running):
    with signed_in(told) as client:
        answer = client.get("/audit/find", params={"subject": '"><script>', "plant": PRESS})
        assert answer.status_code == 303
        page = client.get(answer.headers["location"]).text
    assert "Nothing is called so" in page
    assert '"><script>' not in page


def test_a_signature_that_does_not_hold_is_seen(tmp_path: Path):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    story(home)
    with serving(home) as running:
        for key in home.signing.folder.glob("*.pub.pem"):
            key.unlink()
        assert "signature does not hold" in shown(running, VERSION)
        assert "The ledger's signature does not hold" in shown(running, PATH).replace("&#39;", "'")
    home.engine.dispose()


def damaged_envelope(home: Home) -> None:
    kept = home.provenance.of_version(PRESS, 2)[-1]
    path = home.store.path(home.store.artifact(kept.envelope), ENVELOPE)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def envelope_gone(home: Home) -> None:
    kept = home.provenance.of_version(PRESS, 2)[-1]
    home.store.path(home.store.artifact(kept.envelope), ENVELOPE).parent.rename(
        home.folder / "gone"
    )


def damaged_key(home: Home) -> None:
    for key in home.signing.folder.glob("*.pub.pem"):
        key.write_text("no key")


@pytest.mark.parametrize(
    ("damage", "paths", "english", "french"),
    [
        (damaged_envelope, [VERSION], LOST, "un de ses fichiers manque ou a été modifié."),
        (envelope_gone, [VERSION], LOST, "un de ses fichiers manque ou a été modifié."),
        (damaged_key, [VERSION, PATH], KEY, "une clé est endommagée, ou d'autres ont pu"),
    ],
)
def test_what_is_wrong_is_told_without_paths(
    tmp_path: Path, damage: Callable[[Home], None], paths: list[str], english: str, french: str
):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    story(home)
    damage(home)
    with serving(home) as running:
        for path in paths:
            for code, words in (("en", english), ("fr", french)):
                with signed_in(running, **{"Accept-Language": code}) as client:
                    answer = client.get(path)
                assert answer.status_code == 200
                assert words in unescape(answer.text)
                assert str(tmp_path) not in answer.text
    home.engine.dispose()


def test_every_failure_that_is_told_has_words_on_pages():
    assert set(FAILURES) == WORDS
    assert all(english == words for english, words in FAILURES.items())


def test_a_plant_where_nothing_was_decided(tmp_path: Path):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    add_version(home, 0)
    with serving(home) as running:
        assert "Nothing was decided yet" in shown(running, PATH)
        text = shown(running, f"/audit/versions/{PRESS}:1")
        assert "How it was made is not signed" in text
        assert "Nothing is recorded" in text
        assert "It was never in charge" in text
    home.engine.dispose()
