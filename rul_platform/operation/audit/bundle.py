"""An evidence bundle: a zip that a third party checks with ``openssl`` and ``sha256sum`` alone.

Belongs here: what goes into it. Does not belong here: the formats (``formats``), the dossier
(``dossier``), the script and the words inside (``evidence``).
"""

import hashlib
import io
import json
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from rul_platform.core.canonical import canonical_json
from rul_platform.core.dsse import signed_bytes
from rul_platform.core.ledger import row_bytes
from rul_platform.core.ledger_anchor import anchored_bytes
from rul_platform.core.statement import PAYLOAD
from rul_platform.errors import NotSignedError
from rul_platform.operation.audit.dossier import dossier
from rul_platform.operation.audit.formats.ml_bom import ml_bom
from rul_platform.operation.audit.formats.model_card import model_card
from rul_platform.operation.audit.formats.openlineage import run_events
from rul_platform.operation.audit.formats.prov_json import prov_json
from rul_platform.operation.provenance import ENVELOPE, opened
from rul_platform.reports.dossier_page import render_dossier
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.signing_keys import public_file

SUMS, SCRIPT, WORDS = "SHA256SUMS", "verify.sh", "README.txt"
REPORT = "report.html"
_THE_SAME_DAY = (1980, 1, 1, 0, 0, 0)
"""Of every file, so that equal content gives equal bytes; the earliest that the format knows."""


def bundle(home: Home, version: ModelVersion) -> bytes:
    """The zip's bytes; the same for the same records.

    Args:
        home: Where everything is recorded.
        version: Which one.

    Raises:
        NotSignedError: Nobody has signed how it was made, or the ledger's end.
        StoreError: A file of it is not there or changed.
        EnvelopeError: Its provenance does not hold.
        KeyFileError: A public key is damaged.
    """
    held = dict(_held(home, version))
    held[SUMS] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(held.items())
    ).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(held):
            entry = zipfile.ZipInfo(name, _THE_SAME_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name == SCRIPT else 0o644) << 16
            packed.writestr(entry, held[name])
    return target.getvalue()


def _held(home: Home, version: ModelVersion) -> Iterator[tuple[str, bytes]]:
    told, artifact = dossier(home, version), home.store.artifact(version.sha256)
    title = f"{version.plant}, version {version.number}"
    inside = files("rul_platform.operation.audit") / "evidence"
    words = (inside / WORDS).read_text(encoding="utf-8")
    yield WORDS, words.format(title=title, line="=" * len(f"Evidence for {title}")).encode()
    yield SCRIPT, (inside / SCRIPT).read_bytes()
    for name in artifact.files:
        yield f"model/{name}", home.store.read(artifact, name)
    yield from _signed(home, version)
    yield from _ledger(home)
    for each in told["gate"][-1:]:
        yield REPORT, home.store.read(home.store.artifact(each["report"]), REPORT)
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
    """The statement, its signed bytes, its signature and the key."""
    kept = home.provenance.of_version(version.plant, version.number)
    if not kept:
        raise NotSignedError(" version ".join((version.plant, str(version.number))))
    statement = opened(home, kept[-1])
    envelope = json.loads(home.store.read(home.store.artifact(kept[-1].envelope), ENVELOPE))
    (signature,) = envelope["signatures"]
    key = home.signing.known()[signature["keyid"]]
    yield "statement.json", statement.to_bytes()
    yield "signed/provenance.bytes", signed_bytes(b64decode(envelope["payload"]), PAYLOAD)
    yield "signed/provenance.sig", b64decode(signature["sig"])
    yield "signed/provenance.key", public_file(key).encode()
    for each in home.signing.known().values():
        yield f"keys/{public_file(each)}", each.pem


def _ledger(home: Home) -> Iterator[tuple[str, bytes]]:
    """Every row as it was hashed, and the anchor of the last one."""
    anchor, newest = home.anchors.newest(), home.ledger.newest()
    if anchor is None or newest is None or anchor.hash != newest.hash:
        raise NotSignedError("the ledger's last row")
    for row in home.ledger.all():
        yield f"ledger/{row.seq:09d}", row_bytes(row)
    yield "signed/anchor.bytes", anchored_bytes(anchor.seq, anchor.hash, anchor.signed_at)
    yield "signed/anchor.sig", bytes.fromhex(anchor.signature)
    yield "signed/anchor.key", public_file(home.signing.known()[anchor.key_id]).encode()


def _json(value: Mapping[str, Any] | list[Any]) -> bytes:
    return canonical_json(value) + b"\n"
