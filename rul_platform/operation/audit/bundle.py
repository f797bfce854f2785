"""An evidence bundle: a zip that a third party checks with ``openssl`` and ``sha256sum`` alone.

The key that signs now signs ``SHA256SUMS``, which lists every other file. Without that key at hand the
list is not signed; what model, statement, report and ledger say is signed all the same.

Belongs here: what goes into it. Does not belong here: the formats (``formats``), the dossier
(``dossier``), the script and the words inside (``evidence``).
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from rul_platform.core.canonical import canonical_json
from rul_platform.core.canonical import sha256 as sha256_of
from rul_platform.core.dsse import open_envelope
from rul_platform.core.ledger import row_bytes
from rul_platform.core.ledger_anchor import Anchor, anchored_bytes
from rul_platform.core.statement import PAYLOAD, Statement
from rul_platform.errors import EnvelopeError, NotSignedError
from rul_platform.operation.audit.dossier import dossier
from rul_platform.operation.audit.formats.ml_bom import ml_bom
from rul_platform.operation.audit.formats.model_card import model_card
from rul_platform.operation.audit.formats.openlineage import run_events
from rul_platform.operation.audit.formats.prov_json import prov_json
from rul_platform.operation.provenance import ENVELOPE, GATE
from rul_platform.reports.dossier_page import render_dossier
from rul_platform.storage.home import Home
from rul_platform.storage.manifests import manifest
from rul_platform.storage.models import ModelVersion

SUMS, SCRIPT, WORDS = "SHA256SUMS", "verify.sh", "README.txt"
SUMS_SIGNATURE = f"{SUMS}.sig"
REPORT = "report.html"
_INSIDE = files("rul_platform.operation.audit") / "evidence"
_THE_SAME_DAY = (1980, 1, 1, 0, 0, 0)
"""Of every file, so that equal content gives equal bytes; the earliest that the format knows."""


def bundle(home: Home, version: ModelVersion) -> bytes:
    """The zip's bytes; the same for the same records and the same key.

    Args:
        home: Where everything is recorded.
        version: Which one.

    Raises:
        NotSignedError: Nobody has signed how it was made, or the ledger's end.
        StoreError: A file of it is not there or changed.
        EnvelopeError: Its provenance or the ledger's newest anchor does not hold.
        KeyFileError: A key is damaged, or others may read or replace the private one.
    """
    held = dict(_held(home, version))
    held[SUMS] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(held.items())
    ).encode()
    if (key := home.signing.signer()) is not None:
        held[SUMS_SIGNATURE] = key.sign(held[SUMS])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(held):
            entry = zipfile.ZipInfo(name, _THE_SAME_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name == SCRIPT else 0o644) << 16
            packed.writestr(entry, held[name])
    return target.getvalue()


def script_sha256() -> str:
    """Of the script in every bundle: who checks one compares it, on another way than the bundle."""
    return sha256_of((_INSIDE / SCRIPT).read_bytes())


def newest_anchor(home: Home) -> Anchor:
    """The signature over the ledger's last row.

    Raises:
        NotSignedError: There is none.
        EnvelopeError: It does not hold.
        KeyFileError: A public key is damaged.
    """
    anchor, newest = home.anchors.newest(), home.ledger.newest()
    if anchor is None or newest is None or anchor.hash != newest.hash:
        raise NotSignedError("the ledger's last row")
    if (problem := anchor.problem(home.signing.known())) is not None:
        found = f"an anchor that {problem}"
        raise EnvelopeError("the ledger", found=found, expected="one of a known key")
    return anchor


def _held(home: Home, version: ModelVersion) -> Iterator[tuple[str, bytes]]:
    told = dossier(home, version)
    title = f"{version.plant}, version {version.number}"
    words = (_INSIDE / WORDS).read_text(encoding="utf-8")
    yield WORDS, words.format(title=title, line="=" * len(f"Evidence for {title}")).encode()
    yield SCRIPT, (_INSIDE / SCRIPT).read_bytes()
    artifact = home.store.artifact(version.sha256)
    yield "manifests/model.json", manifest(artifact.files)
    for name in artifact.files:
        yield f"model/{name}", home.store.read(artifact, name)
    yield from _signed(home, version)
    yield from _ledger(home)
    yield "dossier.html", render_dossier(told)
    yield "model_card.md", model_card(told).encode()
    for name, value in (
        ("dossier.json", told),
        ("prov.json", prov_json(told)),
        ("openlineage.json", run_events(told)),
        ("bom.json", ml_bom(told)),
    ):
        yield name, _json(value)


def _signed(home: Home, version: ModelVersion) -> Iterator[tuple[str, bytes]]:
    """The statement, the envelope that it is signed in, and the report that it names."""
    kept = home.provenance.of_version(version.plant, version.number)
    source = " version ".join((version.plant, str(version.number)))
    if not kept:
        raise NotSignedError(source)
    artifact = home.store.artifact(kept[-1].envelope)
    envelope = home.store.read(artifact, ENVELOPE)
    payload = open_envelope(envelope, PAYLOAD, home.signing.known(), source=source).payload
    yield "statement.json", payload
    yield f"signed/{ENVELOPE}", envelope
    yield "manifests/provenance.json", manifest(artifact.files)
    if (gate := Statement.from_bytes(payload, source=source).byproduct(GATE)) is not None:
        report = home.store.artifact(gate["digest"]["sha256"])
        yield "manifests/report.json", manifest(report.files)
        yield REPORT, home.store.read(report, REPORT)


def _ledger(home: Home) -> Iterator[tuple[str, bytes]]:
    """Every row as it was hashed, the anchor of the last one, and all keys."""
    anchor = newest_anchor(home)
    for row in home.ledger.all():
        yield f"ledger/{row.seq:09d}", row_bytes(row)
    yield "signed/anchor.bytes", anchored_bytes(anchor.seq, anchor.hash, anchor.signed_at)
    yield "signed/anchor.sig", bytes.fromhex(anchor.signature)
    for key in home.signing.known().values():
        yield f"keys/{key.id}.pem", key.pem


def _json(value: Mapping[str, Any] | list[Any]) -> bytes:
    return canonical_json(value) + b"\n"
