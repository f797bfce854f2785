"""Which rule of the gate runs here: an answer notes it, so that an audit knows what it may ask again.

Belongs here: the name of the rule. Does not belong here: the rule (``core.gate``).
"""

from functools import cache
from pathlib import Path

import rul_platform
from rul_platform.core.canonical import source_fingerprint

RULE_FILES = tuple(
    f"core/{name}.py" for name in ("gate", "gate_evidence", "gate_statistics", "policy")
)
"""All that makes a verdict of evidence and settings."""


@cache
def gate_rule() -> str:
    """Hash of the source that decides, first 16 hex digits; read once."""
    return source_fingerprint(Path(rul_platform.__file__).parent, RULE_FILES)
