"""A checkpoint that somebody brings: read, checked whole, stored, and registered under a name.

Belongs here: the order of these steps, and the card. Does not belong here: what is checked
(``learning.networks``), which checkpoint plants start from (``operation.parents``).
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rul_platform.core.artifact_files import CARD_FILE
from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.core.parents import IMPORTED, checked_name, seen_subsets
from rul_platform.storage.checkpoint_files import read_checkpoint_file
from rul_platform.storage.home import Home
from rul_platform.storage.parents import Imported

if TYPE_CHECKING:
    from rul_platform.learning.networks.checkpoints import Checkpoint

CHECKPOINT_FILE = "checkpoint.pt"


def import_checkpoint(
    home: Home, path: Path, name: str, *, seen: Sequence[str] = (), actor: str, now: datetime
) -> Imported:
    """Have a checkpoint file in the store, so that plants can start from it.

    The bytes are kept as they came. Only plain tensors are read: no code in them can run.

    Args:
        home: Where it is stored and registered.
        path: The file.
        name: What it is called from now on; only a name, never opened.
        seen: Subsets of turbofans that it has seen, or ``nothing-of-these``; empty: not known.
        actor: Pseudonym of who does this.
        now: When.

    Raises:
        RecordError: No checkpoint can be called so, or ``seen`` is no such list.
        CheckpointError: Lists everything that does not fit; nothing was stored.
        CheckpointNameError: The name stands for another checkpoint.
        StoreFullError: The disk has no room.
    """
    from rul_platform.learning.networks.checkpoints import load_given

    checked_name(name)
    told = seen_subsets(seen)
    data = read_checkpoint_file(path)
    loaded = load_given(data, source=str(path))
    card = canonical_json(card_of_import(loaded, told))
    made = home.store.write({CHECKPOINT_FILE: data, CARD_FILE: card})
    return home.parents.register(
        name,
        architecture=loaded.config.name,
        sha256=made.sha256,
        file_sha256=sha256(data),
        seen=told,
        actor=actor,
        now=now,
    )


def card_of_import(checkpoint: "Checkpoint", seen: Sequence[str] | None) -> dict[str, Any]:
    """What ``pretrained_checkpoint`` writes on its cards, as far as a file of others says it."""
    from rul_platform.learning.networks.checkpoints import described

    return {
        "origin": IMPORTED,
        "architecture": checkpoint.config.name,
        "subsets": None if seen is None else list(seen),
        "windows": {},
        "window": checkpoint.terms.window,
        "cap": checkpoint.terms.cap,
        "config": described(checkpoint),
    }
