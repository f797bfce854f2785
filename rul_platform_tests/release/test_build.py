"""The same bytes twice, and a folder that `rul release verify`, openssl and sha256sum accept."""

import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy.release.build import BESIDE, SBOM, build
from deploy.release.lock import COMMON, GPU, TOP, read
from rul_platform.core.signatures import PrivateKey
from rul_platform.operation.releases import PUBLIC_KEY, SIGNATURE, SUMS
from rul_platform_tests.cli.terminal import Terminal

KEY = PrivateKey(b"r" * 32)
MOMENT = datetime(2026, 11, 29, 8, tzinfo=UTC)


def checkout(folder: Path, *, age: int) -> Path:
    """The files that a release is made of, as two people may have them."""
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(TOP / "rul_platform", folder / "rul_platform", ignore=skipped)
    for name in (*BESIDE, "pyproject.toml", "README.md"):
        shutil.copyfile(TOP / name, folder / name)
    for path in folder.rglob("*"):
        os.utime(path, (age, age))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("release")
    return build(checkout(folder / "one", age=1_700_000_000), folder, key=KEY, moment=MOMENT)


@pytest.fixture
def release(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(made, tmp_path / made.name)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Somebody who wants to install it."""
    return Terminal(tmp_path / "home")


def test_another_person_s_build_gives_the_same_bytes(made: Path, tmp_path: Path):
    source = checkout(tmp_path / "somewhere else", age=1_600_000_000)
    before = os.umask(0o077)
    try:
        again = build(source, tmp_path / "dist", key=KEY, moment=MOMENT)
    finally:
        os.umask(before)

    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in made.iterdir()
    }


def test_wheel_and_source_hold_the_product_and_no_test(made: Path):
    (wheel,), (source,) = made.glob("*.whl"), made.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    with tarfile.open(source) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}

    of_package = {
        str(path.relative_to(TOP))
        for path in (TOP / "rul_platform").rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".md"}
    }
    assert of_package <= inside
    assert of_package <= packed
    assert not [name for name in inside if "test" in name.partition("/")[0]]


def test_the_bill_of_materials_holds_all_that_is_locked(made: Path):
    text = (made / SBOM).read_text()
    found = json.loads(text)

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    locked = (*read(made / COMMON), *read(made / GPU))
    assert {(each["name"], each["version"]) for each in found["components"]} == {
        (each.name, each.version) for each in locked
    }
    product = found["metadata"]["component"]["bom-ref"]
    needs = {each["ref"]: each["dependsOn"] for each in found["dependencies"]}
    assert any(ref.startswith("pkg:pypi/torch@") for ref in needs[product])


def test_it_is_verified_by_the_fingerprint(release: Path, terminal: Terminal):
    done = terminal.types("release", "verify", str(release), "--fingerprint", KEY.public.id.upper())

    assert done.code == 0, done.err
    assert done.out.startswith("VERIFIED: 7 files are as they were signed by key")
    assert not terminal.folder.exists()


def test_without_a_fingerprint_nobody_vouches_for_it(release: Path, terminal: Terminal):
    done = terminal.types("release", "verify", str(release))

    assert done.code == 2
    assert f"key {KEY.public.id}. Whose key that is, nobody said" in done.out


def test_another_key_is_refused(release: Path, terminal: Terminal):
    said = terminal.is_refused("release", "verify", str(release), "--fingerprint", "0" * 64)

    assert f"{PUBLIC_KEY} is the key {KEY.public.id}, but must be the key 000" in said


@pytest.mark.parametrize("name", [COMMON, SUMS, SIGNATURE, PUBLIC_KEY, "added.whl"])
def test_whatever_is_changed_or_added_is_found(release: Path, terminal: Terminal, name: str):
    with (release / name).open("ab") as file:
        file.write(b"x")
    if name == PUBLIC_KEY:
        (release / name).write_bytes(PrivateKey(b"f" * 32).public.pem)

    said = terminal.is_refused("release", "verify", str(release))

    assert "Do not install this release" in said


@pytest.mark.parametrize("name", [COMMON, SUMS, SIGNATURE, PUBLIC_KEY])
def test_whatever_is_missing_is_found(release: Path, terminal: Terminal, name: str):
    (release / name).unlink()

    said = terminal.is_refused("release", "verify", str(release))

    assert f"{name} is nothing that can be read (no such file or directory)" in said


def test_a_list_that_leads_out_of_the_folder_is_refused(release: Path, terminal: Terminal):
    sums = (release / SUMS).read_bytes() + b"0" * 64 + b"  ../home\n"
    (release / SUMS).write_bytes(sums)
    (release / SIGNATURE).write_bytes(KEY.sign(sums))

    assert "../home" in terminal.is_refused("release", "verify", str(release))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_and_sha256sum_say_the_same(release: Path):
    """As docs/releases.md tells those who have nothing of ours yet."""
    text = (TOP / "docs" / "releases.md").read_text(encoding="utf-8")
    (block,) = [each for each in text.split("```")[1::2] if "openssl pkeyutl" in each]
    commands = block.partition("\n")[2]

    def checked() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-ec", commands], cwd=release, capture_output=True, text=True, check=False
        )

    done = checked()
    assert done.returncode == 0, done.stderr
    assert KEY.public.id in done.stdout
    assert "Signature Verified Successfully" in done.stdout
    (release / COMMON).write_text("click==1\n")
    assert checked().returncode != 0
