"""One way to write a value as bytes, so that equal content has an equal hash."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def canonical_json(value: Mapping[str, Any] | list[Any]) -> bytes:
    """JSON with sorted keys and no spaces; refuses NaN and infinity.

    >>> canonical_json({"b": 1, "a": [0.5, None]})
    b'{"a":[0.5,null],"b":1}'
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def sha256(data: bytes) -> str:
    """Hex digest of ``data``."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(files: Mapping[str, bytes]) -> str:
    """One hash for several named files."""
    return sha256(canonical_json({name: sha256(data) for name, data in files.items()}))


def source_fingerprint(package: Path, parts: tuple[str, ...]) -> str:
    """Hash of the source in some parts of the package: the version of the code that computes.

    Args:
        package: Folder of ``rul_platform``.
        parts: Folders and files below it; of a folder, all that is not compiled.

    Returns:
        First 16 hex digits of the sha256.
    """
    digest = hashlib.sha256()
    for part in sorted(parts):
        found = package / part
        paths = [found] if found.is_file() else sorted(p for p in found.rglob("*.*") if p.is_file())
        for path in paths:
            if path.suffix == ".pyc":
                continue
            digest.update(path.relative_to(package).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
