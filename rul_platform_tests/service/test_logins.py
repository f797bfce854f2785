"""A model at work on PostgreSQL, each part under the login that docs/postgresql.md gives it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from rul_platform.operation import privacy, triggering
from rul_platform.operation.access import revoke_token
from rul_platform.operation.alerting import deliver
from rul_platform.operation.audit.verify import verify
from rul_platform.service.sessions import COOKIE
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.pages.visiting import proof_on, visiting
from rul_platform_tests.service.running import (
    Running,
    imported_checkpoint,
    question,
    serving,
    signed_champion,
    token,
)
from rul_platform_tests.storage.roles import as_login, with_roles

API = "/api/v1/rul"
ACTOR = "a" * 64
EASY = {"min_feedback": 3, "min_negative": 2, "confidence": 0, "cooldown_hours": 0}


@dataclass(frozen=True, slots=True)
class Logins:
    """One home, as each login sees it."""

    api: Home
    worker: Home
    read: Home
    purge: Home


@pytest.fixture
def logins(postgres_database: str, tmp_path: Path) -> Iterator[Logins]:
    with_roles(postgres_database)
    easy = {f"RETRAIN_{name.upper()}": str(value) for name, value in EASY.items()}

    def home(login: str) -> Home:
        url = as_login(postgres_database, f"rul_{login}")
        environ = {"RUL_HOME": str(tmp_path / "home"), "RUL_DATABASE_URL": url}
        return Home(Settings.read(environ | easy))

    made = Logins(home("api"), home("worker"), home("read"), home("purge"))
    yield made
    for each in (made.api, made.worker, made.read, made.purge):
        each.engine.dispose()


def test_a_life_under_four_logins(logins: Logins):
    """One service for all of it: each costs a second to start."""
    signed_champion(logins.worker)
    imported_checkpoint(logins.worker, "lstm", "ours")
    with serving(logins.api, decides=logins.worker) as running:
        the_service_answers_rates_and_hears(running)
        a_token_that_is_revoked_ends(running, logins.worker)
        a_parent_is_selected(running)
        a_person_signs_out(running)
        the_service_makes_no_token_and_deploys_nothing(logins.api)
    the_worker_asks_for_a_retrain_and_deploys(logins.worker)
    the_auditor_sees_everything(logins)
    only_the_purger_forgets(logins)
    the_auditor_sees_everything(logins)


def the_service_answers_rates_and_hears(running: Running) -> None:
    for number in range(4):
        answer = running.asks("POST", f"{API}/predict", question(f"m{number}"))
        assert answer.status == 200, answer.data
        (told,) = answer.json()["predictions"]
        body = {"prediction_id": told["id"], "rating": "negative", "person": f"badge {number}"}
        rated = running.asks("POST", f"{API}/feedback", body, Idempotency_Key=f"k{number}")
        assert (rated.status, rated.json()["is_new"]) == (200, True)
        again = running.asks("POST", f"{API}/feedback", body, Idempotency_Key=f"k{number}")
        assert again.data == rated.data
    body = {"plant": PRESS, "unit": "m1", "kind": "failed", "life": 90}
    assert running.asks("POST", f"{API}/outcome", body, Idempotency_Key="o1").status == 200
    for path in ("plants", "models", "status", f"predictions/{told['id']}"):
        assert running.asks("GET", f"{API}/{path}").status == 200
    assert running.asks("GET", "/ready").status == 200
    assert running.asks("GET", "/metrics").status == 200


def a_token_that_is_revoked_ends(running: Running, worker: Home) -> None:
    secret = token(worker, "read")
    caller: dict[str, Any] = {"Authorization": f"Bearer {secret}"}
    assert running.asks("GET", f"{API}/plants", **caller).status == 200
    revoke_token(worker, secret.split("_")[1], actor=ACTOR, reason="lost", now=worker.now())
    assert not running.home.tokens.get(secret.split("_")[1]).holds(worker.now())


def a_parent_is_selected(running: Running) -> None:
    body = {"model_name": "lstm", "model_path": "ours"}
    told = running.asks("POST", f"{API}/transfer-learning/load", body)
    assert told.status == 200, told.data


def a_person_signs_out(running: Running) -> None:
    with visiting(running) as client:
        cookie = client.cookies[COOKIE]
        proof = proof_on(client.get(f"/plants/{PRESS}"))
        assert client.post("/sign-out", data={"proof": proof}).status_code == 303
    assert running.home.ended_sessions.has_ended(cookie)


def the_service_makes_no_token_and_deploys_nothing(api: Home) -> None:
    with pytest.raises(DBAPIError, match="permission denied for table access_token"):
        token(api, "admin")
    with pytest.raises(DBAPIError, match="permission denied for table model_version"):
        api.registry.register(PRESS, "b" * 64, now=api.now())
    with pytest.raises(DBAPIError, match="permission denied for table feedback"):
        api.feedback.forget_before(api.now())


def the_worker_asks_for_a_retrain_and_deploys(worker: Home) -> None:
    now = worker.now()
    retrain = triggering.evaluate(worker, PRESS, now)
    assert retrain is not None
    assert len(worker.feedback.claimed(retrain.id)) == 4
    worker.retrains.start(retrain.id, attempt=1, run_id="run", now=now)
    worker.retrains.close(retrain.id, "rejected", verdict="REJECT", now=now)
    worker.freezes.freeze(PRESS, ACTOR, "overhaul", now)
    worker.freezes.lift(PRESS, ACTOR, now)
    assert signed_champion(worker, seed=1).number == 2
    assert deliver(worker, worker.now()).sent > 0


def the_auditor_sees_everything(logins: Logins) -> None:
    """What is wrong is that these versions were made by hand: nobody judged them."""
    found = verify(logins.read)
    assert found == verify(logins.worker)
    assert {problem.part for problem in found.problems} <= {"versions", "deployments"}
    assert found.looked_at["feedback"] == found.looked_at["predictions"] == 4
    with pytest.raises(DBAPIError, match="permission denied"):
        logins.read.ledger.append("purge", body={"feedback": 0}, now=logins.read.now())


def only_the_purger_forgets(logins: Logins) -> None:
    now = logins.purge.now()
    assert [home.feedback.may_forget() for home in (logins.api, logins.worker, logins.purge)] == [
        False,
        False,
        True,
    ]
    with pytest.raises(DBAPIError, match="permission denied for table feedback"):
        privacy.erase(logins.worker, "badge 1", ACTOR, now)
    assert privacy.erase(logins.purge, "badge 1", ACTOR, now).feedback == 1
    assert privacy.report(logins.purge, "badge 1").feedback == ()
    assert privacy.purge(logins.purge, now + timedelta(days=400)).feedback == 3
