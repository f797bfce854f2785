"""The image of the service is built in a clean tree and serves there, without torch and Dagster."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform_tests.stack.building import Build
from rul_platform_tests.stack.dockerfile import stages
from rul_platform_tests.stack.running import free_port

NOBODY = 10001

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("bwrap") is None or os.geteuid() != 0,
        reason="needs bubblewrap, and root as a build has",
    ),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    folder = tmp_path_factory.mktemp("images")
    build = Build(folder)
    build.tree("service")
    yield build
    shutil.rmtree(folder, ignore_errors=True)


def test_the_service_s_image_holds_no_torch_no_dagster_and_no_test(built: Build):
    packages = {
        path.name
        for path in (built.tree("service") / "opt/venv/lib/python3.11/site-packages").iterdir()
    }

    assert {"fastapi", "onnxruntime", "rul_platform"} <= packages
    assert not {"torch", "dagster", "sklearn", "pytest", "rul_platform_tests"} & packages


def test_it_makes_tokens_and_serves_as_nobody_special(built: Build):
    (built.tree("service") / "var/lib/rul").chmod(0o777)  # a volume would be
    port = free_port()
    token = built.run("service", ["rul", "token", "create", "--for", "me"], user=NOBODY).split()[0]
    command = built.command(
        "service",
        ["rul", "serve", "--host=0.0.0.0", f"--port={port}"],
        workdir="/var/lib/rul",
        user=NOBODY,
    )
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/live", process)
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/rul/plants")
            asked = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/v1/rul/plants",
                headers={"Authorization": f"Bearer {token}"},
            )
            assert urllib.request.urlopen(asked).status == 200  # noqa: S310
        finally:
            process.kill()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return once it answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url)  # noqa: S310
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"{url} does not answer; exit status {process.poll()}")


def test_both_images_end_as_compose_expects_them():
    found = stages()

    assert found["service"].words("CMD") == ("rul", "serve", "--host=0.0.0.0", "--port=8050")
    assert found["platform"].words("ENTRYPOINT") == ("rul-entrypoint",)
    assert Path("deploy/compose/entrypoint.sh") in {
        source.relative_to(source.parents[2])
        for source, _ in found["platform"].copies()
        if "entrypoint" in source.name
    }
