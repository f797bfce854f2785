"""A version is trained again, bit for bit, and nothing of the home is touched."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rul_platform.errors import NotReproducibleError
from rul_platform.orchestration import reproducing
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.reproducing import reproduce
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import HARDLY, PUMPS, Works
from rul_platform_tests.storage.rows import execute


def state(works: Works) -> tuple:
    home = works.home
    return (
        [row.hash for row in home.ledger.all()],
        home.registry.versions(),
        [made.id for made in home.lineage.currents()],
        sorted(path.name for path in home.store.root.glob("??/*")),
    )


def test_the_same_inputs_give_the_same_bytes_and_the_home_stays_as_it_was(finished: Works):
    before = state(finished)
    found = reproduce(finished.home, finished.home.registry.champion(PUMPS))
    assert found.differing == ()
    assert found.is_identical
    assert found.conditions == {}
    assert state(finished) == before


def test_a_version_that_went_on_from_the_champion_is_reproduced_with_it(finished: Works):
    config = {"finetuned_model": {**HARDLY, "start": "champion", "seed": 5}}
    finished.run(Stage(("finetuned_model",), PUMPS, config))
    second = finished.home.registry.versions(PUMPS)[-1]
    assert second.number == 2
    card = json.loads(
        finished.home.store.read(finished.home.store.artifact(second.sha256), "card.json")
    )
    assert card["units"]
    found = reproduce(finished.home, second)
    assert (found.differing, found.is_identical) == ((), True)


def test_what_is_tried_is_signed_by_nobody(finished: Works, tmp_path: Path):
    """Its home has no public keys, so that it would make a first key in the true one's place."""
    champion = finished.home.registry.champion(PUMPS)
    key = tmp_path / "apart" / "our.key"
    apart = Home(replace(finished.home.settings, keys=tmp_path / "public", signing_key=key))
    assert reproduce(apart, champion).is_identical
    assert not key.exists()
    apart.engine.dispose()


def test_what_differs_is_named(finished: Works, monkeypatch: pytest.MonkeyPatch):
    """Another seed, as if the record had been changed; and another version of the code."""
    home = finished.home
    champion = home.registry.champion(PUMPS)
    made = home.lineage.current("finetuned_model", PUMPS)
    changed = json.dumps(made.parameters | {"seed": 9}).replace("'", "''")
    execute(
        home.engine,
        "DROP TRIGGER materialization_update",
        f"UPDATE materialization SET parameters = '{changed}' WHERE id = {made.id}",  # noqa: S608
    )
    monkeypatch.setattr(reproducing, "LEARNING_CODE", "other")
    found = reproduce(home, champion)
    assert not found.is_identical
    assert "model.onnx" in found.differing
    assert found.conditions == {"code of learning": (made.code_version, "other")}


def test_what_no_training_made_cannot_be_trained_again(finished: Works):
    version = finished.home.registry.champion(PUMPS)
    unknown = replace(version, sha256="0" * 64)
    with pytest.raises(NotReproducibleError, match="no training is recorded that made it"):
        reproduce(finished.home, unknown)
