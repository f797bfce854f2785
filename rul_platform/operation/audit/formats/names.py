"""How things are called in the formats of others."""

from collections.abc import Mapping
from typing import Any

NAMESPACE = "urn:rul-platform:"
PRODUCER = "urn:rul-platform:audit"
SHORT = 12


def artifact_name(step: Mapping[str, Any]) -> str:
    """Asset, partition and the first digits of the hash: one name for one content."""
    return f"{step['asset']}/{step['partition']}/{step['sha256'][:SHORT]}"
