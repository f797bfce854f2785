"""One machine's page: any name, its feedback, its end, its files."""

import csv
import io
import re

import pandas as pd
import pytest

from rul_platform.operation.views.unit import FILES_READ, unit_view
from rul_platform.service.pages.addresses import coded, decoded
from rul_platform_tests.operation.served import CAP_HOURS, PRESS
from rul_platform_tests.service.pages.visiting import ask, path_of, proof_on, visiting
from rul_platform_tests.service.running import Running

NAMES = [
    "pump-1", "hall 2/pump 7", "..", ".", "a//b", "/", "~x", "50%25", "p?x=1#y", "\u6c34\u6cf5 \u00e9",
    "<b>&'\"", "a\\b", "answers.csv", "-",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_machine_may_be_called_anything(running: Running, name: str):
    ask(running, name)
    with visiting(running) as client:
        fleet = client.get(f"/plants/{PRESS}?sort=answered&order=down").text
        assert f'href="{path_of(name)}"' in fleet
        page = client.get(path_of(name))
    assert page.status_code == 200
    assert "<h1>" in page.text
    assert unit_view(running.home, PRESS, name, None, running.home.now()).name == name


@pytest.mark.parametrize("name", [*NAMES, "~Li4=", "~~"])
def test_a_name_in_an_address_is_that_name_again(name: str):
    from urllib.parse import unquote

    assert decoded(unquote(coded(name))) == name
    assert "/" not in coded(name)
    assert coded(name) not in ("", ".", "..")


def rate(client, prediction: str, unit: str, rating: str, **more: str):
    proof = proof_on(client.get(path_of(unit)))
    fields = {"proof": proof, "prediction": prediction, "unit": unit, "rating": rating}
    return client.post(f"/plants/{PRESS}/feedback", data=fields | more)


def test_what_somebody_says_is_counted_once_and_shown(running: Running):
    (prediction,) = ask(running, "rated")
    with visiting(running) as client:
        answer = rate(client, prediction, "rated", "negative", reason="too_late")
        assert answer.headers["location"] == f"{path_of('rated')}?news=said&at=answers#told"
        again = rate(client, prediction, "rated", "positive")
        assert again.headers["location"] == f"{path_of('rated')}?news=known&at=answers#told"
        page = client.get(path_of("rated") + "?news=said&at=answers").text
    assert "1 wrong" in page
    assert "it fails sooner than that" in page
    assert "Thank you" in page
    (row,) = [each for each in running.home.feedback.recent(PRESS, 10) if each.unit == "rated"]
    assert (row.rating, row.reason) == ("negative", "too_late")


def test_a_rating_of_another_machine_or_of_nothing_is_refused(running: Running):
    (prediction,) = ask(running, "mine")
    with visiting(running) as client:
        proof = proof_on(client.get(path_of("mine")))
        sent = {"proof": proof, "unit": "mine", "rating": "positive"}
        path = f"/plants/{PRESS}/feedback"
        assert client.post(path, data=sent | {"prediction": "0" * 32}).status_code == 404
        wrong = client.post(path, data=sent | {"prediction": prediction, "unit": "yours"})
        assert wrong.status_code == 422
        assert "is about unit" in wrong.text
        assert "row 1" not in wrong.text
        assert (
            client.post(path, data=sent | {"prediction": prediction, "rating": "x"}).status_code
            == 422
        )
        odd = sent | {"prediction": prediction, "rating": "negative", "reason": "<b>"}
        assert client.post(path, data=odd).status_code == 422
        assert client.post("/plants/nowhere/feedback", data=sent).status_code == 404


def tell(client, unit: str, kind: str, life: str):
    proof = proof_on(client.get(path_of(unit)))
    fields = {"proof": proof, "unit": unit, "kind": kind, "life": life}
    return client.post(f"/plants/{PRESS}/outcomes", data=fields)


def test_what_became_of_a_machine_is_stored_and_ends_its_history(running: Running):
    ask(running, "ends")
    with visiting(running) as client:
        assert tell(client, "ends", "running", "40,5").status_code == 303
        assert tell(client, "ends", "failed", "58").status_code == 303
        page = client.get(path_of("ends")).text
    assert "Failed" in page
    assert "what really remained" in page
    assert 'name="kind"' not in page
    kinds = [each.kind for each in running.home.outcomes.of_plant(PRESS) if each.unit == "ends"]
    assert kinds == ["running", "failed"]


def test_an_end_that_cannot_be_is_told_above_its_form(running: Running):
    ask(running, "early")
    with visiting(running) as client:
        answer = tell(client, "early", "failed", "1")
    assert answer.status_code == 422
    assert "was seen at 40" in answer.text
    assert "row 1" not in answer.text
    assert 'id="told" tabindex="-1" role="alert"' in answer.text


@pytest.mark.parametrize(("kind", "life"), [("replaced", "1"), ("replaced", "soon"), ("", "41.5")])
def test_a_refused_form_keeps_what_was_typed(running: Running, kind: str, life: str):
    ask(running, "typed")
    with visiting(running) as client:
        answer = tell(client, "typed", kind, life)
    assert answer.status_code == 422
    assert re.findall(r'<option value="(\w*)" selected>', answer.text) == [kind] * bool(kind)
    assert re.search(r'name="life"[^>]* value="([^"]*)"', answer.text)[1] == life  # type: ignore[index]
    assert f"next={path_of('typed')}" in answer.text  # another language leads to the machine


def test_nothing_is_chosen_before_somebody_chooses(running: Running):
    """One click must not end a healthy machine, nor say why an answer is wrong."""
    ask(running, "unasked")
    with visiting(running) as client:
        page = client.get(path_of("unasked")).text
    assert "selected" not in page
    first = re.findall(
        r'<select [^>]*name="(\w+)"( required)?[^>]*>\s*<option value="(\w*)">', page
    )
    assert set(first) == {("kind", " required", ""), ("reason", "", "")}


def test_an_answer_about_a_shorter_history_draws_no_zigzag(running: Running):
    for hours in (20, 50, 10, 40):
        ask(running, "zigzag", hours=hours)
    with visiting(running) as client:
        page = client.get(path_of("zigzag")).text
    charts = re.findall(r'class="chart life-chart.*?</svg>', page)
    assert len(charts) == 2
    for course in re.findall(r'<path d="M([^"]*)" class="course"', "".join(charts)):
        across = [float(point.split()[0]) for point in course.split("L")]
        assert across == sorted(across)
        assert len(across) == 4


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Short history: 1 reading,"), ("fr", "court\N{NO-BREAK SPACE}: 1 mesure,")],
)
def test_one_reading_is_one(running: Running, language: str, words: str):
    ask(running, "once", hours=1)
    with visiting(running, language=language) as client:
        assert words in client.get(path_of("once")).text.replace(
            "\N{NARROW NO-BREAK SPACE}", "\xa0"
        )


def test_no_sign_of_wear_is_one_number_to_plan_by(running: Running):
    """Beside an interval whose lower end is less, "at least" would be a contradiction."""
    (given,) = ask(running, "fresh", hours=20)
    said = running.home.predictions.get(given)
    running.home.predictions.record(
        plant=PRESS, unit="fresh", number=said.number, sha256=said.sha256, life=21.0, rul=CAP_HOURS,
        rul_low=31.0, rul_high=CAP_HOURS, now=running.home.now(),
    )  # fmt: skip
    with visiting(running) as client:
        page = client.get(path_of("fresh")).text
    assert "or more are likely" in page
    assert "To be careful, plan with <strong>31.0</strong> hours" in page
    assert "at least" not in page
    assert "Most likely between" not in page


def test_who_may_only_look_sees_no_form(running: Running):
    ask(running, "seen")
    with visiting(running, "read") as client:
        page = client.get(path_of("seen")).text
    assert "/feedback" not in page
    assert "/outcomes" not in page


def test_the_sensors_are_told_in_the_scale_of_the_model(running: Running):
    """The distances are the network's own inputs at the newest reading."""
    ask(running, "worn", hours=55)
    slot = running.parts.slots.all()[PRESS]
    assert slot.champion is not None
    drivers = unit_view(running.home, PRESS, "worn", slot, running.home.now()).drivers
    assert drivers is not None
    question = running.home.landing.of_unit(PRESS, "worn", 5)
    from rul_platform.core.histories import Histories

    model = slot.champion
    assert model.plant.resample is not None
    steps = Histories.of(question).resampled(model.plant.resample.step)
    newest = model.predictor.question_of(steps).x[0, -1]
    by_name = {each.name: each for each in drivers.sensors}
    for at, sensor in enumerate(model.predictor.preparation.scaler.sensors):
        told = by_name[model.plant.sensors[sensor]]
        assert told.from_mean == pytest.approx(newest[at], abs=1e-5)
        assert told.from_own == pytest.approx(newest[2 + at], abs=1e-5)
    weights = [abs(each.gain) for each in drivers.sensors]
    assert weights == pytest.approx(sorted(weights, reverse=True), abs=0.01 * CAP_HOURS)
    assert weights[0] > 0.01 * CAP_HOURS
    with visiting(running) as client:  # of machines in service the command knows no unit
        assert "<code>rul explain --readings FILE</code>" in client.get(path_of("worn")).text


def test_a_short_history_is_told_so(running: Running):
    ask(running, "short", hours=3)
    with visiting(running) as client:
        page = client.get(path_of("short")).text
    assert "Short history" in page


def test_a_machine_without_readings_or_without_a_model_still_has_a_page(running: Running):
    told = unit_view(running.home, PRESS, ask_name(running), None, running.home.now())
    assert (told.drivers, told.no_drivers) == (None, "model")


def ask_name(running: Running) -> str:
    ask(running, "lonely")
    return "lonely"


def test_charts_have_no_style_and_hold_names_as_text(running: Running):
    ask(running, "<svg onload=x>")
    with visiting(running) as client:
        page = client.get(path_of("<svg onload=x>")).text
    assert "<svg onload" not in page
    assert not re.search(r'\sstyle="', page)
    assert page.count('class="chart life-chart') == 2


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "lie in 52 files, of which the newest 50"),
        ("fr", "dans 52 fichiers, dont les 50 plus"),
    ],
)
def test_readings_that_are_left_out_are_told(running: Running, language: str, words: str):
    name = f"hourly {language}"
    for hour in range(FILES_READ + 2):
        row = {"unit": name, "life": float(hour), "condition": "0", "s0": 0.3, "s1": 60.0}
        running.home.landing.add(PRESS, pd.DataFrame([row]), running.home.now())
        if hour == FILES_READ - 1:
            with visiting(running, language=language) as client:
                assert 'class="notice warn"' not in client.get(path_of(name)).text
    with visiting(running, language=language) as client:
        assert words in client.get(path_of(name)).text
        answer = client.get(f"/plants/{PRESS}/readings.csv", params={"unit": name})
    assert len(answer.text.splitlines()) == 1 + FILES_READ


def test_the_files_hold_answers_and_readings(running: Running):
    ask(running, "+filed", hours=12)
    with visiting(running) as client:
        for name, rows in (("predictions", 1), ("readings", 12)):
            answer = client.get(f"/plants/{PRESS}/{name}.csv", params={"unit": "+filed"})
            found = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
            assert len(found) == rows
            assert {row["unit"] for row in found} == {"'+filed"}
        assert client.get(f"/plants/nowhere/{name}.csv?unit=x").status_code == 404
