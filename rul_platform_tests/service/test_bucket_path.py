"""The whole path with all artifacts in a bucket: from raw data to an audited answer, by processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rul_platform_tests.service.pages.visiting import HTML, sign_in
from rul_platform_tests.service.processes import served
from rul_platform_tests.storage.object_store import Weather, new_bucket, refuses

PUMPS = "simulated_pumps"
DEMO = ("demo", "--simulate", "--no-benchmark", "--architecture", "lstm")


@pytest.fixture
def shell(s3_server: str, s3_credentials: None, weather: Weather, tmp_path: Path) -> dict[str, str]:
    """A home folder without artifacts: they lie in a bucket."""
    del s3_credentials
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUL_", "DAGSTER_"))}  # noqa: TID251  a shell
    return kept | {
        "RUL_HOME": str(tmp_path / "home"),
        "RUL_CMAPSS_URL": "",
        "RUL_STORE": f"s3://{new_bucket(s3_server)}/rul",
        "RUL_STORE_ENDPOINT": weather.url,
    }


def types(shell: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """`rul …`, to its end."""
    command = [sys.executable, "-m", "rul_platform", *words]
    return subprocess.run(
        command, env=shell, capture_output=True, text=True, check=False, timeout=1800
    )


@pytest.mark.long
def test_from_raw_data_to_an_audited_answer_in_a_bucket(shell: dict[str, str], weather: Weather):
    home = Path(shell["RUL_HOME"])

    done = types(shell, *DEMO)

    assert done.returncode == 0, done.stderr + done.stdout
    assert f"In charge of {PUMPS}: version 1." in done.stdout
    assert not (home / "store").exists()
    assert_serves(shell, home)
    verified = types(shell, "audit", "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["looked_at"]["artifacts"] > 3
    assert_away(shell, weather)
    home.joinpath("cache", "artifacts").rename(home / "no copies")
    assert (
        types(shell, "predict", PUMPS, str(home / "plants" / PUMPS / "readings.csv")).returncode
        == 0
    )
    back = types(shell, "store", "copy", "home", "--json")
    assert json.loads(back.stdout)["problems"] == []
    moved = {k: v for k, v in shell.items() if k != "RUL_STORE"}
    assert types(moved, "audit", "verify").stdout.endswith("All holds.\n")


def assert_serves(shell: dict[str, str], home: Path) -> None:
    """An answer over HTTP, the stored report on a page, and the store's state for Prometheus."""
    made = types(shell, "token", "create", "--for", "test", "--json")
    token = json.loads(made.stdout)["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    given = {name: shell[name] for name in shell if name.startswith("RUL_STORE")}
    with served(home, **given) as process:
        url = f"http://127.0.0.1:{process.port}"
        assert httpx2.get(f"{url}/ready").json() == {"ready": True, "problems": []}
        body = {"plant": PUMPS, "units": [{"unit": "p1", **machine(home)}]}
        told = httpx2.post(f"{url}/api/v1/rul/predict", json=body, headers=bearer, timeout=60)
        assert told.status_code == 200, told.text
        figures = httpx2.get(f"{url}/metrics", headers=bearer, timeout=60).text
        assert "rul_store_up 1.0" in figures
        with httpx2.Client(base_url=url, headers=HTML, timeout=60) as browser:
            sign_in(browser, token)
            page = browser.get(f"/plants/{PUMPS}/versions/1/report")
        assert page.status_code == 200, page.text
        assert "simulated" in page.text
        code, _ = process.stop(signal.SIGTERM)
        assert code == 0


def machine(home: Path) -> dict[str, Any]:
    """One machine's readings and conditions, from the plant's own file."""
    import pandas as pd

    table = pd.read_csv(home / "plants" / PUMPS / "readings.csv")
    first = table[table["pump"] == table["pump"].iloc[0]]
    readings = {
        name: first[name].tolist() for name in first.columns if name not in ("pump", "duty")
    }
    return {"readings": readings, "conditions": first["duty"].tolist()}


def assert_away(shell: dict[str, str], weather: Weather) -> None:
    """A bucket that refuses: one clear message, nothing registered, and no record called broken."""
    weather.faults = [refuses(403, "AccessDenied")] * 10_000
    trained = types(shell, "train", PUMPS, "--subset", "SIM", "--again")
    verified = types(shell, "audit", "verify", "--json")
    weather.faults = []
    assert trained.returncode != 0
    assert "cannot be used: these credentials may not do that" in trained.stderr + trained.stdout
    assert verified.returncode == 2, verified.stdout
    models = types(shell, "models", PUMPS, "--json")
    assert [row["number"] for row in json.loads(models.stdout)] == [1]
