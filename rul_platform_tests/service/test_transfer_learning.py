"""Which checkpoint plants start from, over HTTP: only ever by a registered name."""

from collections.abc import Iterator

import pytest

from rul_platform.core.canonical import canonical_json
from rul_platform.learning.networks import checkpoints, models
from rul_platform.operation import parents
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.service.running import Running, serving, signed_champion

LOAD = "/api/v1/rul/transfer-learning/load"
INFO = "/api/v1/rul/transfer-learning/info"
NAME = "models/pretrained/gru_cmapss.pt"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With one imported checkpoint."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path_factory.mktemp("transfer"))}))
    signed_champion(home)
    import_checkpoint(home)
    with serving(home) as running:
        yield running
    home.engine.dispose()


def import_checkpoint(home: Home) -> None:
    """One that somebody brought along, under ``NAME``."""
    config = models.default_config("gru", 3, hidden_size=4)
    data = checkpoints.dump(models.build(config, seed=0), config, ("a", "a_dev", "age"))
    card = {"architecture": "gru", "config": config.to_json(), "subsets": None}
    made = home.store.write({"checkpoint.pt": data, "card.json": canonical_json(card)})
    home.parents.register(
        NAME,
        architecture="gru",
        sha256=made.sha256,
        file_sha256=made.files["checkpoint.pt"].sha256,
        seen=None,
        actor="a" * 64,
        now=home.now(),
    )


def test_loading_selects_the_parent_by_its_name_and_the_ledger_says_so(running: Running):
    with running.client("deploy") as client:
        told = client.post(LOAD, json={"model_name": "gru", "model_path": NAME})
    assert told.status_code == 200, told.text
    chosen = parents.selected(running.home, "gru")
    assert chosen is not None
    assert told.json() == {
        "status": "success",
        "model_name": "gru",
        "model_path": NAME,
        "message": f"The next fine-tuning of gru starts from {chosen.sha256[:12]}.",
        "sha256": chosen.sha256,
    }
    assert [row.kind for row in running.home.ledger.of_kind("parent")] == ["parent"]
    with running.client("read") as client:
        info = client.get(INFO).json()
        status = client.get("/api/v1/rul/status").json()
    assert info["pretrained_models"]["gru"]["names"] == [NAME]
    assert str(running.home.folder) not in str(info)
    assert status["transfer_learning"] == info
    assert (status["ready"], status["models"]["press"]["version"]) == (True, 1)
    assert status["calibration"]["press"]["level"] == 0.9


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model_name": "gru", "model_path": "../../etc/passwd"}, 404),
        ({"model_name": "gru", "model_path": "/etc/passwd"}, 404),
        ({"model_name": "lstm", "model_path": NAME}, 409),
        ({"model_name": "gpt", "model_path": NAME}, 422),
        ({"model_name": "gru"}, 422),
        ({"model_name": "gru", "model_path": NAME, "force": True}, 422),
    ],
)
def test_what_is_not_registered_for_it_is_refused(running: Running, body: object, status: int):
    with running.client("deploy") as client:
        answer = client.post(LOAD, json=body)
    assert answer.status_code == status
    assert answer.json()["status"] == status
