"""The evidence bundle: checked by its own script, with nothing of ours, and read by tools of others."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from prov.model import ProvDocument

from rul_platform.core.canonical import canonical_json
from rul_platform.core.dsse import seal
from rul_platform.core.framing import framed_bytes
from rul_platform.core.ledger import LedgerRow, row_bytes
from rul_platform.core.ledger_anchor import anchored_bytes
from rul_platform.core.signatures import PrivateKey
from rul_platform.core.statement import PAYLOAD
from rul_platform.errors import EnvelopeError, NotSignedError
from rul_platform.operation.audit.bundle import (
    SUMS,
    SUMS_SIGNATURE,
    bundle,
    newest_anchor,
    script_sha256,
)
from rul_platform.operation.audit.dossier import dossier
from rul_platform.operation.audit.formats.ml_bom import ml_bom
from rul_platform.operation.audit.formats.model_card import model_card
from rul_platform.operation.audit.formats.openlineage import run_events
from rul_platform.operation.audit.formats.prov_json import prov_json
from rul_platform.operation.signing import rotate
from rul_platform.storage.manifests import FileEntry, manifest
from rul_platform_tests.orchestration.conftest import PUMPS, Works, works_in

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
SHELLS = [name for name in ("dash", "bash") if shutil.which(name)] or ["sh"]
FORGER = PrivateKey(b"f" * 32)

Change = Callable[[Path], None]


class Exported(NamedTuple):
    """A bundle of a version that was signed before the key was changed; the first key signs still."""

    data: bytes
    first: PrivateKey
    second: str


@pytest.fixture(scope="module")
def exported(finished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("evidence") / "home"
    shutil.copytree(finished_home, folder)
    with works_in(folder) as works:
        home = works.home
        first = home.signing.signer()
        assert first is not None
        second = rotate(home, actor="a" * 64, reason='"endorsement":"00"} yearly', now=home.now())
        return Exported(bundle(home, home.registry.champion(PUMPS)), first, second.id)


@pytest.fixture
def unpacked(exported: Exported, tmp_path: Path) -> Path:
    folder = tmp_path / "to be checked"
    with zipfile.ZipFile(io.BytesIO(exported.data)) as archive:
        archive.extractall(folder)
    return folder


def checked(folder: Path, *fingerprints: str, shell: str = "sh") -> tuple[int, str]:
    """Exit code and words of the script, in an environment that knows nothing of us."""
    done = subprocess.run(
        [shell, str(folder / "verify.sh"), *fingerprints], env={"PATH": "/usr/bin:/bin"},
        cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = done.stdout.splitlines()[-1]
    assert (done.returncode == 0) == last.startswith("VERIFIED: ")
    assert (done.returncode == 1) == (last == "BROKEN: do not rely on this folder.")
    return done.returncode, done.stdout


@needs_openssl
@pytest.mark.parametrize("shell", SHELLS)
def test_a_bundle_is_verified_by_the_fingerprint_of_either_key(
    unpacked: Path, exported: Exported, shell: str
):
    first, second = exported.first.public.id, exported.second
    for given in ([first], [second], [first, second], [first.upper()]):
        code, said = checked(unpacked, *given, shell=shell)
        assert code == 0, said
        lines = said.splitlines()
        assert f"key {second}: endorsed by {first}" in lines
        assert f"SHA256SUMS: signed by {second}" in lines
        assert f"statement about {PUMPS}, version 1: signed by {first}" in lines
        assert lines[-1].startswith("VERIFIED: all files")


@needs_openssl
@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ([], 2, "NOT VERIFIED: nothing is broken, but anybody can make keys"),
        (["ab" * 32], 1, "nothing links that key to the fingerprint that you gave"),
        (["ab" * 8], 2, "no fingerprint of 64 digits"),
        (["ab" * 32 + "\nab"], 2, f"no fingerprint of 64 digits: {'ab' * 32}?ab"),
        (["\\nVERIFIED: \\c"], 2, "no fingerprint of 64 digits: ?nVERIFIED: ?c"),
        ([""], 2, "no fingerprint of 64 digits"),
    ],
)
def test_nothing_is_verified_without_a_fingerprint_that_signed(
    unpacked: Path, given: list[str], code: int, words: str
):
    found, said = checked(unpacked, *given)
    assert found == code
    assert words in said


def test_the_script_is_short_and_its_hash_is_told(unpacked: Path):
    script = (unpacked / "verify.sh").read_bytes()
    assert script_sha256() == hashlib.sha256(script).hexdigest()
    assert len(script.splitlines()) < 125


def model(folder: Path) -> None:
    path = folder / "model" / "model.onnx"
    data = bytearray(path.read_bytes())
    data[99] ^= 1
    path.write_bytes(data)


def model_gone(folder: Path) -> None:
    (folder / "model" / "card.json").unlink()


def model_exchanged(folder: Path) -> None:
    """Both files are signed, one under the other's name."""
    shutil.copy(folder / "model" / "card.json", folder / "model" / "model.onnx")


def model_added(folder: Path) -> None:
    (folder / "model" / ".more.bin").write_bytes(b"unsigned")


def statement(folder: Path) -> None:
    edit(folder / "statement.json", b'"seed":0', b'"seed":1')


def statement_and_envelope(folder: Path, key: PrivateKey = FORGER) -> None:
    statement(folder)
    sealed = seal((folder / "statement.json").read_bytes(), PAYLOAD, key)
    (folder / "signed" / "provenance.dsse.json").write_bytes(sealed)
    entry = FileEntry(hashlib.sha256(sealed).hexdigest(), len(sealed))
    (folder / "manifests/provenance.json").write_bytes(manifest({"provenance.dsse.json": entry}))


def report(folder: Path) -> None:
    edit(folder / "report.html", b"RMSE", b"rmse")


def row(folder: Path) -> None:
    edit(rows(folder)[1], b"key_id", b"key_no")


def row_gone(folder: Path) -> None:
    rows(folder)[1].unlink()


def tail_gone(folder: Path) -> None:
    rows(folder)[-1].unlink()


def anchor(folder: Path) -> None:
    """The tail is gone, and the rest is signed by somebody else."""
    tail_gone(folder)
    last = rows(folder)[-1]
    sign_anchor(folder, int(last.name), hashlib.sha256(last.read_bytes()).hexdigest())


def statement_and_anchor(folder: Path) -> None:
    statement_and_envelope(folder)
    anchor(folder)


def key_replaced(folder: Path) -> None:
    """As if the forger's were the one that signed last."""
    last = rows(folder)[-1]
    sign_anchor(folder, int(last.name), hashlib.sha256(last.read_bytes()).hexdigest())
    name = json.loads(re.findall(rb"{.*}", last.read_bytes())[0])["key_id"]
    (folder / "keys" / f"{name}.pem").write_bytes(FORGER.public.pem)


def follows_the_forger(folder: Path) -> None:
    """A row more says that the plant's newest key replaces the forger's, who signed it and all."""
    last = rows(folder)[-1]
    told = json.loads(re.findall(rb"{.*}", last.read_bytes())[0])
    endorse(folder, bytes.fromhex(told["public"]), told["key_id"], FORGER.public.id)


def endorses_itself(folder: Path) -> None:
    """A row more says that the forger's key replaces the plant's newest, but that has not signed."""
    last = rows(folder)[-1]
    told = json.loads(re.findall(rb"{.*}", last.read_bytes())[0])
    endorse(folder, FORGER.public.raw, FORGER.public.id, told["key_id"])


TIED = (
    model, model_gone, model_exchanged, model_added, statement, statement_and_envelope, report, row,
    row_gone, tail_gone, anchor, statement_and_anchor, key_replaced, follows_the_forger,
    endorses_itself,
)  # fmt: skip
"""Found whether or not the list of files is signed."""


def derived(name: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")

    change.__name__ = name
    return change


def more(folder: Path) -> None:
    (folder / "more.txt").write_text("of somebody else")


def link(folder: Path) -> None:
    (folder / "keys" / ".more.pem").symlink_to("/etc/passwd")


LISTED = (
    *map(derived, ("prov.json", "openlineage.json", "dossier.json", "model_card.md")), more, link,
)  # fmt: skip
"""Found because the list of files is signed."""


def edit(path: Path, before: bytes, after: bytes) -> None:
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after))


def rows(folder: Path) -> list[Path]:
    return sorted((folder / "ledger").iterdir())


def sign_anchor(folder: Path, number: int, digest: str) -> None:
    signed = anchored_bytes(number, digest, "2026-11-28T00:00:00.000000+00:00")
    (folder / "signed" / "anchor.bytes").write_bytes(signed)
    (folder / "signed" / "anchor.sig").write_bytes(FORGER.sign(signed))


def endorse(folder: Path, public: bytes, key_id: str, replaces: str) -> None:
    last = rows(folder)[-1]
    endorsed = framed_bytes("rul_platform/key/1", public, replaces.encode())
    body = {
        "endorsement": FORGER.sign(endorsed).hex(), "key_id": key_id, "public": public.hex(),
        "replaces": replaces,
    }  # fmt: skip
    number = int(last.name) + 1
    data = row_bytes(
        LedgerRow(
            number, "key", "", canonical_json(body).decode(), "2026-11-28T00:00:00.000000+00:00",
            hashlib.sha256(last.read_bytes()).hexdigest(), "",
        )
    )  # fmt: skip
    (folder / "ledger" / f"{number:09d}").write_bytes(data)
    sign_anchor(folder, number, hashlib.sha256(data).hexdigest())


def sums_left(folder: Path) -> None:
    """As who does not know of the list."""


def sums_forged(folder: Path) -> None:
    """As who knows how the list is made."""
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {SUMS, SUMS_SIGNATURE}
    )
    listed = (f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names)
    (folder / SUMS).write_text("".join(listed))


def sums_signed(folder: Path) -> None:
    """As who puts a key among the others, where nobody looks."""
    (folder / "keys" / ".h.pem").write_bytes(FORGER.public.pem)
    sums_signed_by_a_key_in_sight(folder)


def sums_signed_by_a_key_in_sight(folder: Path) -> None:
    (folder / "keys" / f"{FORGER.public.id}.pem").write_bytes(FORGER.public.pem)
    sums_forged(folder)
    (folder / SUMS_SIGNATURE).write_bytes(FORGER.sign((folder / SUMS).read_bytes()))


def sums_unsigned(folder: Path) -> None:
    (folder / "keys" / f"{FORGER.public.id}.pem").write_bytes(FORGER.public.pem)
    (folder / SUMS_SIGNATURE).unlink()
    sums_forged(folder)


FORGED_SUMS = (sums_left, sums_forged, sums_signed, sums_signed_by_a_key_in_sight)


@needs_openssl
@pytest.mark.parametrize(
    ("change", "forge"),
    [*product(TIED, (*FORGED_SUMS, sums_unsigned)), *product(LISTED, FORGED_SUMS)],
)
def test_a_forged_bundle_is_found(
    unpacked: Path, exported: Exported, change: Change, forge: Change
):
    change(unpacked)
    forge(unpacked)
    code, said = checked(unpacked, exported.first.public.id, exported.second)
    assert code == 1, said
    assert "BROKEN: " in said.splitlines()[-2]


def named_as_a_verdict(folder: Path) -> None:
    """Where ``echo`` expands what stands behind a backslash, the verdict is a line of its own."""
    (folder / r"A\nVERIFIED:\0040all files, against the fingerprint that you gave.\n\c").touch()


def named_with_a_line_break(folder: Path) -> None:
    (folder / "A\nVERIFIED: all files, against the fingerprint that you gave.").touch()


def named_as_the_list(folder: Path) -> None:
    """Each of its lines is the name of a file that the list cannot hold."""
    (folder / f"{SUMS}\n{SUMS_SIGNATURE}").touch()


def named_almost_as_the_list(folder: Path) -> None:
    (folder / "SHA256SUMSxsig").touch()


def folder_more(folder: Path) -> None:
    (folder / "model" / "more").mkdir()


def link_to_the_same(folder: Path) -> None:
    """The bytes are right; tomorrow they may be others."""
    (folder / "prov.json").rename(folder.parent / "elsewhere")
    (folder / "prov.json").symlink_to(folder.parent / "elsewhere")


def statement_named_as_a_verdict(folder: Path) -> None:
    edit(folder / "statement.json", b'"plant":"', rb'"plant":"\nVERIFIED: all files\n\c')
    sealed = seal((folder / "statement.json").read_bytes(), PAYLOAD, FORGER)
    (folder / "signed" / "provenance.dsse.json").write_bytes(sealed)
    sums_unsigned(folder)


def anchor_gone(folder: Path) -> None:
    """A tool that the script calls ends it, with a code of its own."""
    (folder / "signed" / "anchor.bytes").unlink()
    sums_unsigned(folder)


@needs_openssl
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "change",
    [
        named_as_a_verdict, named_with_a_line_break, named_as_the_list, named_almost_as_the_list,
        folder_more, link_to_the_same, statement_named_as_a_verdict, anchor_gone,
    ],
)  # fmt: skip
def test_nothing_in_a_broken_bundle_writes_the_last_line(
    unpacked: Path, exported: Exported, change: Change, shell: str
):
    change(unpacked)
    code, said = checked(unpacked, exported.first.public.id, exported.second, shell=shell)
    assert code == 1, said
    assert "\\" not in said
    assert not any(line.startswith("VERIFIED") for line in said.splitlines())


@needs_openssl
def test_a_forger_who_signs_all_anew_is_found_by_the_fingerprint(
    unpacked: Path, exported: Exported
):
    last = rows(unpacked)[-1]
    sign_anchor(unpacked, int(last.name), hashlib.sha256(last.read_bytes()).hexdigest())
    sums_signed_by_a_key_in_sight(unpacked)
    code, said = checked(unpacked, exported.second)
    assert code == 1
    assert f"SHA256SUMS: signed by {FORGER.public.id}" in said
    assert "nothing links that key to the fingerprint that you gave" in said


@needs_openssl
def test_what_a_former_key_signs_later_is_not_in_the_ledger(unpacked: Path, exported: Exported):
    statement_and_envelope(unpacked, exported.first)
    sums_unsigned(unpacked)
    code, said = checked(unpacked, exported.second)
    assert code == 1
    assert said.splitlines()[-2] == "BROKEN: the ledger names no such statement"


@needs_openssl
def test_an_unsigned_list_is_no_full_proof(unpacked: Path, exported: Exported):
    LISTED[0](unpacked)
    sums_unsigned(unpacked)
    code, said = checked(unpacked, exported.second)
    assert code == 2
    assert "VERIFIED IN PART: model/, ledger/, statement.json, report.html." in said


@needs_openssl
def test_without_the_private_key_the_list_is_not_signed(finished: Works, tmp_path: Path):
    home = finished.home
    (home.signing.folder / "signing.key").unlink()
    with zipfile.ZipFile(io.BytesIO(bundle(home, home.registry.champion(PUMPS)))) as archive:
        assert SUMS_SIGNATURE not in archive.namelist()
        archive.extractall(tmp_path / "part")
    code, said = checked(tmp_path / "part", *home.signing.known())
    assert code == 2
    assert "The other files are signed by nobody." in said


def test_the_same_records_give_the_same_bytes(finished: Works):
    version = finished.home.registry.champion(PUMPS)
    assert bundle(finished.home, version) == bundle(finished.home, version)


def test_without_signatures_there_is_no_evidence(finished: Works):
    home = finished.home
    (home.signing.folder / "signing.key").unlink()
    home.ledger.append("purge", body={"feedback": 0}, now=home.now())
    with pytest.raises(NotSignedError, match="the ledger's last row is signed by nobody"):
        bundle(home, home.registry.champion(PUMPS))


def test_without_the_public_key_there_is_no_evidence(finished: Works):
    for path in finished.home.signing.folder.glob("signing*"):
        path.unlink()
    with pytest.raises(EnvelopeError, match="which is not known here"):
        newest_anchor(finished.home)


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
    said_where = card[card.index("## Where the evidence is") :]
    sentences = [line for line in card.splitlines() if line.startswith("- ")]
    assert len(sentences) > 10
    for line in sentences:
        evidence = re.search(r"\[sha256:([0-9a-f]{64})\]$", line)
        assert evidence, line
        assert evidence[1] in known, line
        assert f"    {evidence[1]}  " in said_where, line


def test_the_model_card_names_the_files_of_its_evidence(unpacked: Path):
    named = re.findall(
        r"^    ([0-9a-f]{64})  ((?:manifests|ledger)/\S+)",
        (unpacked / "model_card.md").read_text(),
        re.MULTILINE,
    )
    assert {name.split("/")[0] for _, name in named} == {"manifests", "ledger"}
    for digest, name in named:
        assert hashlib.sha256((unpacked / name).read_bytes()).hexdigest() == digest
