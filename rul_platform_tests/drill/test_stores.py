"""Faults of a bucket, and what a look into one finds."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.drill.children import Child
from rul_platform.drill.far_store import BrokenError, FarStore
from rul_platform.drill.faults import plan
from rul_platform.drill.ground import Ground
from rul_platform.drill.scenarios import stores
from rul_platform.errors import SettingsError
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.service.processes import free_port
from rul_platform_tests.storage.object_store import Weather, ask, new_bucket


@pytest.fixture
def far(s3_server: str, s3_credentials: None, weather: Weather, tmp_path: Path) -> FarStore:
    """A drill's place in a bucket."""
    del s3_credentials
    return FarStore(f"s3://{new_bucket(s3_server)}/own", weather.url, tmp_path / "copies")


def test_a_look_finds_what_is_missing_and_what_is_half(far: FarStore, s3_server: str):
    store = far.opened()
    whole, half = store.write({"a": b"1"}), store.write({"b": b"2", "c": b"3"})
    far.look([whole.sha256, half.sha256])
    far.look_at_all()
    bucket, gone = far.url.split("/")[2], half.files["b"].sha256
    assert ask(s3_server, "DELETE", f"/{bucket}/own/{gone[:2]}/{gone}") == 204
    with pytest.raises(
        BrokenError, match=f"artifact {half.sha256[:12]} was stored in the bucket: b:"
    ):
        far.look([whole.sha256, half.sha256])
    with pytest.raises(BrokenError):
        far.look_at_all()
    far.look([whole.sha256])


def test_nothing_stays_and_nothing_of_others_is_touched(far: FarStore):
    beside = FarStore(far.url + "-beside", far.endpoint, far.copies)
    theirs = beside.opened().write({"theirs": b"1"})
    far.opened().write({"a": b"1"})
    far.empty()
    assert list(far.opened().artifacts()) == []
    beside.look([theirs.sha256])


def test_without_a_bucket_it_says_so(tmp_path: Path):
    ground = Ground.new(tmp_path / "home", None, {})
    assert stores.SCENARIO.hindered(ground) == "no bucket: --store and --store-endpoint take one"


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("gs://bucket", "http://127.0.0.1:9"),
        ("s3://bucket", "https://s3.example"),
        ("s3://b", "there"),
    ],
)
def test_what_is_no_bucket_is_refused(tmp_path: Path, url: str, endpoint: str):
    with pytest.raises(SettingsError, match="--store"):
        Ground.new(tmp_path / "home", None, {}, (url, endpoint))
    assert not (tmp_path / "home").exists()


def test_the_command_wants_both_or_none(tmp_path: Path):
    done = Terminal(tmp_path / "mine").types("drill", "--store", "s3://bucket")
    assert done.code == 2
    assert "found one of --store and --store-endpoint, expected both or none" in done.err


@pytest.fixture
def server() -> Iterator[str]:
    """The S3 API in a process of its own: this one is forked, and must stay without its threads."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        while not _listens(url):
            assert process.poll() is None
            time.sleep(0.05)
        yield url
        process.terminate()


def _listens(url: str) -> bool:
    try:
        return ask(url, "GET", "/moto-api/") == 200
    except OSError:
        return False


@pytest.mark.long
def test_every_fault_holds(server: str, s3_credentials: None, tmp_path: Path):
    del s3_credentials
    ground = Ground.new(tmp_path / "home", None, {}, (f"s3://{new_bucket(server)}", server))
    ground.home.folder.joinpath("drill").mkdir(parents=True)
    ((scenario, faults),) = plan([stores.SCENARIO], 1, is_quick=False, times=8)
    endings = []
    with scenario.opened(ground) as inject:
        endings = [inject(fault) for fault in faults]
    assert ground.breaches == []
    assert ground.checked["lost"] == 9  # once more at the end
    known = ("killed ", Child().ending, "came to its end", "refused: StoreUnreachableError")
    assert all(each.startswith(known) for each in endings), endings
