"""The interval is made anew from what became of machines; the model stays."""

import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.canonical import canonical_json
from rul_platform.core.ledger import chain_problems
from rul_platform.errors import (
    CalibrationError,
    FrozenError,
    KeyFileError,
    NoChampionError,
    RecordError,
    TooFewOutcomesError,
)
from rul_platform.operation import deploying, recalibrating
from rul_platform.operation.answering import answer, load
from rul_platform.operation.intake import OutcomeRow, add_outcomes
from rul_platform.operation.provenance import opened
from rul_platform.operation.recalibrating import propose, recalibrate
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform_tests.operation.served import NOW, PRESS, add_version, serve, table

ANN = "a" * 64
LATER = NOW + timedelta(days=1)
BY_ANN: dict[str, Any] = {"actor": ANN, "reason": "too narrow", "now": LATER}


@pytest.fixture
def served(home: Home) -> Home:
    """Version 1 is in charge."""
    serve(home)
    return home


def failed(home: Home, *units: str, number: int = 1, error: float = 8.0) -> None:
    """Each was answered for twice, `error` hours too early, and has failed since at 100 hours."""
    version = home.registry.version(PRESS, number)
    for unit in units:
        for left in (12.0, 40.0):
            rul = max(left - error, 0.0)
            home.predictions.record(
                plant=PRESS, unit=unit, number=number, sha256=version.sha256, life=100 - left,
                rul=rul, rul_low=max(rul - 1, 0), rul_high=rul + 1, now=NOW,
            )  # fmt: skip
    add_outcomes(home, PRESS, [OutcomeRow(unit, "failed", 100.0) for unit in units], now=LATER)


def named(count: int, prefix: str = "x") -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def card(home: Home, version: ModelVersion) -> dict[str, Any]:
    return json.loads(home.store.read(home.store.artifact(version.sha256), "card.json"))


def test_the_same_predictions_get_another_interval(served: Home):
    (before,) = answer(served, PRESS, {"now.csv": table(30)})
    failed(served, *named(20))

    found, deployed = recalibrate(served, PRESS, **BY_ANN)

    (after,) = answer(served, PRESS, {"now.csv": table(30)})
    assert (before.number, after.number, deployed.number) == (1, 2, 2)
    assert after.prediction.rul == before.prediction.rul
    assert after.prediction.rul_high == pytest.approx(min(after.prediction.rul + 8.0, 50.0))
    assert (len(found.units), found.answers, found.over.number) == (20, 40, 1)
    _, high = load(served, served.registry.version(PRESS, 2)).interval(np.array([20.0]), 0.6)
    assert high == pytest.approx([28.0])


def test_what_happened_is_on_the_card_in_the_lineage_and_in_the_ledger(served: Home):
    failed(served, *named(20))
    _, deployed = recalibrate(served, PRESS, **BY_ANN)

    old, new = (served.registry.version(PRESS, number) for number in (1, 2))
    assert (old.state, new.state) == ("retired", "champion")
    told = card(served, new)
    assert told["recalibration"]["of"] == old.sha256
    assert told["recalibration"]["units"] == sorted(named(20))
    assert {k: v for k, v in told.items() if k not in ("interval", "recalibration")} == {
        k: v for k, v in card(served, old).items() if k != "interval"
    }
    files = [served.store.artifact(each.sha256).files["model.onnx"] for each in (old, new)]
    assert files[0] == files[1]
    (made,) = served.lineage.by_sha256(new.sha256)
    assert (made.asset, made.inputs[0].sha256) == ("recalibrated_model", old.sha256)
    assert (deployed.kind, deployed.evidence["reason"]) == ("recalibration", "too narrow")
    row = served.ledger.of_plant(PRESS, ["deployment"])[-1]
    body = json.loads(row.body)
    assert (body["kind"], body["over"], body["actor"]) == ("recalibration", 1, ANN)
    assert not list(chain_problems(served.ledger.rows()))
    (alert,) = served.alerts.recent(5)
    assert alert.title == "press: version 2 is version 1 with a new interval"
    assert "too narrow" not in alert.text


def rows(home: Home, version: ModelVersion) -> bytes:
    return home.store.read(home.store.artifact(version.sha256), recalibrating.ROWS)


def test_what_it_was_calibrated_on_is_kept_and_named_in_the_lineage(served: Home):
    failed(served, *named(20))
    recalibrate(served, PRESS, **BY_ANN)

    new = served.registry.version(PRESS, 2)
    kept = rows(served, new)
    read = pd.read_parquet(io.BytesIO(kept))
    assert sorted(set(read["unit"])) == sorted(named(20))
    assert sorted(set(zip(read["truth"], read["rul"], strict=True))) == [(12, 4), (40, 32)]
    digest = hashlib.sha256(kept).hexdigest()
    assert card(served, new)["recalibration"]["rows"] == digest
    (made,) = served.lineage.by_sha256(new.sha256)
    inputs = {each.asset: each.sha256 for each in made.inputs}
    old = served.registry.version(PRESS, 1)
    assert inputs == {"finetuned_model": old.sha256, "predictions": digest, "outcomes": digest}
    assert len(made.code_version) == 16
    assert {"python", "rul_platform", "numpy", "onnxruntime"} <= made.environment.keys()


def test_a_later_recalibration_keeps_its_own_rows(served: Home):
    failed(served, *named(20))
    recalibrate(served, PRESS, **BY_ANN)
    failed(served, *named(5, "n"), number=2)
    recalibrate(served, PRESS, **BY_ANN)

    first, second = (rows(served, served.registry.version(PRESS, number)) for number in (2, 3))
    assert [len(pd.read_parquet(io.BytesIO(each))) for each in (first, second)] == [40, 50]


def test_a_rollback_goes_back_to_the_former_interval(served: Home):
    failed(served, *named(20))
    (before,) = answer(served, PRESS, {"now.csv": table(30)})
    recalibrate(served, PRESS, **BY_ANN)

    deploying.rollback(served, PRESS, **BY_ANN)

    (after,) = answer(served, PRESS, {"now.csv": table(30)})
    assert (after.number, after.prediction) == (1, before.prediction)


def test_looking_changes_nothing(served: Home):
    failed(served, *named(20))
    found = propose(served, PRESS)
    assert found.width_after == pytest.approx(((0 + 4 + 8) + (8 + 8)) / 2)  # around 4 and 32
    assert [each.number for each in served.registry.versions(PRESS)] == [1]


def test_another_level_may_be_promised_from_now_on(served: Home):
    failed(served, *named(30))
    recalibrate(served, PRESS, level=0.8, **BY_ANN)
    (said,) = answer(served, PRESS, {"now.csv": table(30)})
    assert said.prediction.level == 0.8


def test_answers_of_before_a_recalibration_count_in_the_next_one(served: Home):
    """Both versions say the same, so all their answers tell how far it is off."""
    failed(served, *named(20))
    recalibrate(served, PRESS, **BY_ANN)
    failed(served, *named(5, "n"), number=2)
    found, deployed = recalibrate(served, PRESS, **{**BY_ANN, "now": LATER + timedelta(days=1)})
    assert (len(found.units), deployed.number) == (25, 3)


def test_a_retrained_champion_knows_its_recalibrated_parent(served: Home):
    """What reads the new version under the name of a model finds what it was made from."""
    failed(served, *named(20))
    recalibrate(served, PRESS, **BY_ANN)
    new = served.registry.version(PRESS, 2)
    child = served.store.write({"child": b"1"})
    served.lineage.record(
        asset="finetuned_model", partition=PRESS, sha256=child.sha256, run_id="r", code_version="",
        parameters={}, environment={}, now=LATER,
        inputs=[recalibrating.Input("finetuned_model", PRESS, new.sha256)],
    )  # fmt: skip
    made = [each.sha256 for each in served.lineage.ancestors(child.sha256)]
    assert made == [child.sha256, new.sha256]


def taught(home: Home) -> None:
    failed(home, *[f"u{number}" for number in range(5)], *named(19))


def of_another_model(home: Home) -> None:
    add_version(home, seed=1)
    home.registry.deploy(PRESS, 2, expected_champion=1, evidence={}, now=NOW)
    failed(home, *named(30), number=1)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda _: None, r"has answered for 0 machines that failed since .*; 20 are needed"),
        (lambda home: failed(home, *named(19)), "has answered for 19 machines"),
        (taught, "has answered for 19 machines that failed since and that it did not learn from"),
        (of_another_model, "has answered for 0 machines"),
    ],
)
def test_too_few_machines_calibrate_nothing(
    served: Home, prepare: Callable[[Home], None], message: str
):
    prepare(served)
    before = served.registry.versions(PRESS)
    with pytest.raises(TooFewOutcomesError, match=message):
        recalibrate(served, PRESS, **BY_ANN)
    assert served.registry.versions(PRESS) == before


def with_bands(home: Home) -> None:
    """A champion with many bands; two machines for each of them have failed."""
    edges = np.linspace(0, 48, 10)
    version = home.registry.version(PRESS, 1)
    told = card(home, version)
    levels = told["interval"]["levels"]
    band = {"units": 20, "late": [1.0] * len(levels), "early": [1.0] * len(levels)}
    told["interval"]["bands"] = [{"begins": float(edge), **band} for edge in edges]
    old = home.store.artifact(version.sha256)
    kept = {name: home.store.read(old, name) for name in old.files}
    made = home.store.write(kept | {"card.json": canonical_json(told)})
    home.registry.register(PRESS, made.sha256, now=NOW)
    home.registry.deploy(PRESS, 2, expected_champion=1, evidence={}, now=NOW)
    for number in range(20):
        unit, left = f"x{number}", float(edges[number % 10])
        home.predictions.record(
            plant=PRESS, unit=unit, number=2, sha256=made.sha256, life=100 - left, rul=left,
            rul_low=left, rul_high=left, now=NOW,
        )  # fmt: skip
    add_outcomes(home, PRESS, [OutcomeRow(unit, "failed", 100.0) for unit in named(20)], now=LATER)


def test_machines_that_are_too_few_in_every_band_calibrate_nothing(served: Home):
    with_bands(served)
    message = "answered for 20 machines .*, 20 or more in no band of predictions; 20 are needed"
    with pytest.raises(TooFewOutcomesError, match=message):
        recalibrate(served, PRESS, **BY_ANN)


def test_without_a_new_machine_there_is_nothing_to_do(served: Home):
    failed(served, *named(20))
    recalibrate(served, PRESS, **BY_ANN)
    with pytest.raises(CalibrationError, match=r"no machine has failed since .* on 20 of them"):
        recalibrate(served, PRESS, **BY_ANN)
    assert len(served.registry.versions(PRESS)) == 2


def test_a_comparison_under_way_is_not_disturbed(served: Home):
    failed(served, *named(20))
    add_version(served, seed=1)
    served.registry.shadow(PRESS, 2, expected_champion=1, evidence={}, now=NOW)
    with pytest.raises(CalibrationError, match="version 2 is on trial beside the champion"):
        recalibrate(served, PRESS, **BY_ANN)


def test_it_is_signed_with_the_lineage_that_it_was_recorded_with(served: Home):
    failed(served, *named(20))
    recalibrate(served, PRESS, **BY_ANN)

    new = served.registry.version(PRESS, 2)
    (kept,) = served.provenance.of_version(PRESS, 2)
    statement = opened(served, kept)
    assert statement.run == "rul recalibrate"
    assert {each.digest["sha256"] for each in statement.dependencies} >= {
        each.sha256 for each in served.lineage.ancestors(new.sha256)[0].inputs
    }


def test_where_it_cannot_be_signed_nothing_happens(served: Home):
    failed(served, *named(20))
    before = served.ledger.newest()
    (served.signing.folder / "signing.key").write_bytes(b"no key")

    with pytest.raises(KeyFileError):
        recalibrate(served, PRESS, **BY_ANN)

    assert [each.state for each in served.registry.versions(PRESS)] == ["champion"]
    assert served.ledger.newest() == before
    assert served.alerts.recent(5) == ()
    assert len(served.registry.deployments(PRESS)) == 1


def test_a_frozen_plant_keeps_its_interval(served: Home):
    failed(served, *named(20))
    deploying.freeze(served, PRESS, **BY_ANN)
    with pytest.raises(FrozenError):
        recalibrate(served, PRESS, **BY_ANN)
    assert [each.state for each in served.registry.versions(PRESS)] == ["champion"]


def test_a_reason_and_a_champion_are_needed(home: Home):
    with pytest.raises(NoChampionError):
        propose(home, PRESS)
    with pytest.raises(RecordError, match="The reason is empty"):
        recalibrate(home, PRESS, **{**BY_ANN, "reason": " "})
