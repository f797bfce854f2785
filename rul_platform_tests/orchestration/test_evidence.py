"""The evidence bundle: checked by its own script, with nothing of ours, and read by tools of others."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from prov.model import ProvDocument

from rul_platform.errors import NotSignedError
from rul_platform.operation.audit.bundle import SUMS, bundle
from rul_platform.operation.audit.dossier import dossier
from rul_platform.operation.audit.formats.ml_bom import ml_bom
from rul_platform.operation.audit.formats.model_card import model_card
from rul_platform.operation.audit.formats.openlineage import run_events
from rul_platform.operation.audit.formats.prov_json import prov_json
from rul_platform_tests.orchestration.conftest import PUMPS, Works, works_in

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


@pytest.fixture(scope="module")
def packed(finished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("evidence") / "home"
    shutil.copytree(finished_home, folder)
    with works_in(folder) as works:
        return bundle(works.home, works.home.registry.champion(PUMPS))


@pytest.fixture
def unpacked(packed: bytes, tmp_path: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def checked(folder: Path) -> str:
    """What the script says, in an environment that knows nothing of us."""
    done = subprocess.run(
        ["sh", "verify.sh"], cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == ("All holds." in done.stdout)
    return done.stdout


@needs_openssl
def test_the_script_inside_says_that_all_holds(unpacked: Path, finished: Works):
    said = checked(unpacked)
    assert said.endswith("All holds.\n")
    assert f"key {next(iter(finished.home.signing.known()))}" in said
    lines = (unpacked / "verify.sh").read_text().splitlines()
    assert len(lines) < 30


def model(folder: Path) -> None:
    path = folder / "model" / "model.onnx"
    data = bytearray(path.read_bytes())
    data[99] ^= 1
    path.write_bytes(data)


def statement(folder: Path) -> None:
    path = folder / "signed" / "provenance.bytes"
    path.write_bytes(path.read_bytes().replace(b'"seed":0', b'"seed":1'))


def row(folder: Path) -> None:
    path = sorted((folder / "ledger").iterdir())[1]
    data = path.read_bytes()
    path.write_bytes(data.replace(b"key_id", b"key_no"))
    assert path.read_bytes() != data


def row_gone(folder: Path) -> None:
    sorted((folder / "ledger").iterdir())[1].unlink()


def tail_gone(folder: Path) -> None:
    sorted((folder / "ledger").iterdir())[-1].unlink()


def added(folder: Path) -> None:
    (folder / "model" / "more.bin").write_bytes(b"unsigned")


def model_gone(folder: Path) -> None:
    (folder / "model" / "card.json").unlink()


def sums_of_all(folder: Path) -> None:
    """As who changes a file does, who knows how the list is made."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != SUMS)
    listed = (
        f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}\n"
        for p in files
    )
    (folder / SUMS).write_text("".join(listed))


@needs_openssl
@pytest.mark.parametrize("forge_sums", [False, True], ids=["sums left", "sums forged"])
@pytest.mark.parametrize("change", [model, model_gone, statement, row, row_gone, tail_gone, added])
def test_a_forged_bundle_is_found(unpacked: Path, change: Callable[[Path], None], forge_sums: bool):
    change(unpacked)
    if forge_sums:
        sums_of_all(unpacked)
    said = checked(unpacked)
    assert "BROKEN: " in said


def test_the_same_records_give_the_same_bytes(packed: bytes, finished: Works):
    assert bundle(finished.home, finished.home.registry.champion(PUMPS)) == packed


def test_without_signatures_there_is_no_evidence(finished: Works):
    home = finished.home
    (home.signing.folder / "signing.key").unlink()
    home.ledger.append("purge", body={"feedback": 0}, now=home.now())
    with pytest.raises(NotSignedError, match="the ledger's last row is signed by nobody"):
        bundle(home, home.registry.champion(PUMPS))


@pytest.fixture
def told(finished: Works) -> dict:
    return dossier(finished.home, finished.home.registry.champion(PUMPS))


def test_the_bill_of_materials_is_valid_cyclonedx(told: dict):
    text = json.dumps(ml_bom(told))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert bill["metadata"]["component"]["hashes"][0]["content"] == told["version"]["sha256"]
    assert {each["name"] for each in bill["components"]} >= {"torch", "numpy", "raw_cmapss/SIM"}


def test_the_lineage_is_valid_prov(told: dict):
    document = ProvDocument.deserialize(content=json.dumps(prov_json(told)), format="json")
    kinds = [type(record).__name__ for record in document.get_records()]
    assert kinds.count("ProvGeneration") == len(told["made_from"])
    assert kinds.count("ProvUsage") == sum(len(step["read"]) for step in told["made_from"])
    assert "ProvAssociation" in kinds


def test_the_lineage_is_valid_openlineage(told: dict):
    """The client's classes check what the schema asks for."""
    events = run_events(told)
    assert len(events) == len(told["made_from"])
    assert events[-1]["outputs"][0]["name"] == f"finetuned_model/{PUMPS}"
    for each in events:
        RunEvent(
            eventType=RunState[each["eventType"]],
            eventTime=each["eventTime"],
            producer=each["producer"],
            run=Run(runId=each["run"]["runId"]),
            job=Job(**each["job"]),
            inputs=[InputDataset(e["namespace"], e["name"]) for e in each["inputs"]],
            outputs=[OutputDataset(e["namespace"], e["name"]) for e in each["outputs"]],
        )


def test_each_sentence_of_the_model_card_has_evidence_that_is_there(told: dict, finished: Works):
    home, card = finished.home, model_card(told)
    known = {row.hash for row in home.ledger.all()}
    known |= {path.name for path in home.store.root.glob("??/*")}
    sentences = [line for line in card.splitlines() if line.startswith("- ")]
    assert len(sentences) > 10
    for line in sentences:
        evidence = re.search(r"\[sha256:([0-9a-f]{64})\]$", line)
        assert evidence, line
        assert evidence[1] in known, line
