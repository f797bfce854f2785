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


def source_fingerprint(package: Path, layers: tuple[str, ...]) -> str:
    """Hash of the Python source in some layers of the package: the version of the code that computes.

    Args:
        package: Folder of ``rul_platform``.
        layers: Folder names below it.

    Returns:
        First 16 hex digits of the sha256.
    """
    digest = hashlib.sha256()
    for layer in sorted(layers):
        for path in sorted((package / layer).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
