"""What a service that only answers has in memory."""

from pathlib import Path

import httpx2
import pytest

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.service_tables import SCOPES
from rul_platform_tests.service.processes import served
from rul_platform_tests.service.running import question, signed_champion, token

API = "/api/v1/rul"


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what is loaded")
def test_an_answer_is_given_and_logged_without_pandas(tmp_path: Path):
    """It would be a quarter of the process (docs/experiments.md, section 20)."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home")}))
    signed_champion(home)
    headers = {"Authorization": f"Bearer {token(home, *SCOPES)}"}
    with served(home.folder) as process:
        url = f"http://127.0.0.1:{process.port}{API}"
        with httpx2.Client(headers=headers, timeout=60) as client:
            answer = client.post(f"{url}/predict", json=question("m1", hours=3))
            (told,) = answer.json()["predictions"]
            logged = client.get(f"{url}/predictions/{told['id']}")
        loaded = Path(f"/proc/{process.popen.pid}/maps").read_text()
    home.engine.dispose()
    assert logged.json()["readings_sha256"]
    assert "/pyarrow/" in loaded
    assert "/pandas/" not in loaded
