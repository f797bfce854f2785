"""Everything twice, at once: ratings, outcomes, ticks of a sensor, a person's wish, alerts.

What is looked for: two answers to one request, two retrains for the same feedback, an alert that its
channel gets twice.
"""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rul_platform.drill import children, plants
from rul_platform.drill.children import Tell, Work
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import TWICE, Ground
from rul_platform.drill.promises import OUTCOME, RETRAIN, Promise
from rul_platform.drill.scenarios import callers
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.drill.scenarios.writers import ANY_FEEDBACK
from rul_platform.drill.service import API, Told
from rul_platform.operation import triggering
from rul_platform.operation.alerting import deliver, raise_alert
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home

PLANT = "drill_duplicates"
RATE, TELL, TICK, FORCE, ALERT = (
    "the same rating twice at once",
    "the same outcome twice at once",
    "the same tick of a sensor twice at once",
    "the same wish for a retrain twice at once",
    "the same alert sent by two at once",
)


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    file = ground.home.folder / "drill" / "alerts.jsonl"
    server = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "rul_platform.drill.mailbox", str(file)],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None  # noqa: S101  it is a pipe
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
        Killer(ground).ending(children.run(ground, lambda _: _send_all(ground.home)))
        yield lambda fault: _inject(ground, fault, url, file)
    finally:
        server.kill()
        server.communicate()


def _send_all(home: Home) -> None:
    """Alerts of other scenarios go first: a round sends a hundred, and ours would wait for the next."""
    while deliver(home, home.now()).sent:
        pass


def _inject(ground: Ground, fault: Fault, url: str, file: Path) -> str:
    name = f"press-{fault.seed}"
    if fault.kind in (RATE, TELL):
        return _over_http(ground, fault, name)
    if fault.kind == ALERT:
        return _alert(ground, name, url, file)
    home = ground.home
    if fault.kind == TICK:
        prediction = callers.answered(ground, name)
        Killer(ground).ending(
            children.run(ground, lambda tell: tell(callers.rate(ground, prediction, name)))
        )

    def tick(tell: Tell) -> None:
        asked = triggering.evaluate(home, PLANT, home.now(), flags=ANY_FEEDBACK)
        if asked is not None:
            tell(Promise(RETRAIN, f"for {name}", str(asked.id)))

    def force(tell: Tell) -> None:
        asked = triggering.force(home, PLANT, actor=plants.ACTOR, reason="drill", now=home.now())
        tell(Promise(RETRAIN, f"for {name}", str(asked.id)))

    ending = _both(ground, tick if fault.kind == TICK else force)
    current = home.retrains.current(PLANT)
    if current is not None:
        triggering.cancel(home, current.id, actor=plants.ACTOR, reason="drill", now=home.now())
    return ending


def _both(ground: Ground, work: Work) -> str:
    """The same work in two processes at once."""
    killer, other = Killer(ground), children.begun(ground, work)
    endings = [killer.ending(children.run(ground, work))]
    endings.append(killer.ending(children.waited(ground, other)))
    return " and ".join(sorted(endings))


def _over_http(ground: Ground, fault: Fault, name: str) -> str:
    service, prediction = ground.service, callers.answered(ground, name)
    if service is None:
        return "no service"
    if fault.kind == RATE:
        kind, body = "rating", {"prediction_id": prediction, "rating": "negative", "person": name}
        path = f"{API}/feedback"
    else:
        kind, path = OUTCOME, f"{API}/outcome"
        body = {"plant": PLANT, "unit": name, "kind": "failed", "life": callers.OUTCOME_HOURS}

    def asks(_: int) -> Told:
        return service.asks("POST", path, ground.token, body, key=f"twice-{name}")

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(asks, range(2)))
    for each in told:
        if each.status == 200:
            ground.take(Promise(kind, f"twice-{name}", str(each.body["id"])))
        else:
            ground.breach(TWICE, f"{fault.kind}: one of them got {each.status}")
    return "the same answer to both"


def _alert(ground: Ground, name: str, url: str, file: Path) -> str:
    """Two senders at once, as daemon and command: the channel gets it once."""
    loud = Home(replace(ground.home.settings, alert_webhook=url))
    loud.engine = ground.home.engine
    alert = NewAlert(
        key=f"drill:{name}", plant=PLANT, kind="service", severity="info", title=name, text="Drill."
    )  # fmt: skip
    for is_first in (True, False):
        if raise_alert(loud, alert, loud.now()) is not is_first:
            ground.breach(TWICE, "an alert was recorded twice under one key")
    ending = _both(ground, lambda _: (deliver(loud, loud.now()), None)[1])
    times = file.read_text().count(name) if file.exists() else 0
    if times != 1:
        ground.breach(TWICE, f"an alert came {times} times")
    return ending


SCENARIO = Scenario(
    name="duplicates",
    about="requests, ticks and alerts that come twice at once",
    kinds=(RATE, TELL, TICK, FORCE, ALERT),
    quick=5,
    whole=125,
    opened=_opened,
)
