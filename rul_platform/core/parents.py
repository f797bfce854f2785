"""What a network that plants start from is called, and what is known of it.

A name is only ever compared with other names: it may look like a path, and nothing is opened by it.

Belongs here: the rules of names, where such a network can come from, and what it has seen. Does not
belong here: its weights (``learning.networks.checkpoints``), which one was selected
(``operation.parents``).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from rul_platform.core.subsets import SIMULATED, SUBSETS
from rul_platform.errors import RecordError

Origin = Literal["pretrained_checkpoint", "imported_checkpoint"]
"""Where it comes from, as lineage names what was read: the asset, or a file of others."""

ORIGINS: tuple[Origin, ...] = get_args(Origin)
PRETRAINED, IMPORTED = ORIGINS

NEWEST = "pretrained"
"""The word for whatever the asset ``pretrained_checkpoint`` made last."""

NOTHING_OF_THESE = "nothing-of-these"
"""Said of a network that has seen no turbofan of C-MAPSS, and no simulated one."""

KNOWN_SUBSETS = (*SUBSETS, SIMULATED)
SEEN_CHOICES = (*KNOWN_SUBSETS, NOTHING_OF_THESE)

MAX_CHECKPOINT_BYTES = 256 * 2**20
"""A network of ours has 0.2 MB; what is larger than this is none."""

NAME_RULE = (
    "1 to 200 letters of A-Z, a-z, digits, '.', '_', '-' and '/'; neither 'pretrained' nor a sha256"
)
_NAME = re.compile(r"[A-Za-z0-9._/-]{1,200}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def checked_name(name: str) -> str:
    """``name``, if a network can be called so.

    Raises:
        RecordError: It cannot.

    >>> checked_name("models/pretrained/lstm_cmapss.pt")
    'models/pretrained/lstm_cmapss.pt'
    """
    if _NAME.fullmatch(name) is None or name == NEWEST or is_sha256(name):
        found = repr(name[:200])
        raise RecordError("The name of a checkpoint", found=found, expected=NAME_RULE)
    return name


def is_sha256(text: str) -> bool:
    """Whether this is the name of an artifact and not of a person's choosing."""
    return _SHA256.fullmatch(text) is not None


def seen_subsets(said: Iterable[str]) -> tuple[str, ...] | None:
    """What a network has seen, from what a person says of it; None where nothing is said.

    Raises:
        RecordError: It is no subset, or subsets and ``nothing-of-these``.

    >>> seen_subsets(["FD002", "FD001"]), seen_subsets(["nothing-of-these"]), seen_subsets([])
    (('FD001', 'FD002'), (), None)
    """
    given = set(said)
    if not given:
        return None
    if given == {NOTHING_OF_THESE}:
        return ()
    if not given <= set(KNOWN_SUBSETS):
        expected = f"{', '.join(KNOWN_SUBSETS)}, or {NOTHING_OF_THESE} alone"
        found = ", ".join(sorted(given))
        raise RecordError("What a checkpoint has seen", found=found, expected=expected)
    return tuple(sorted(given))


def told_seen(seen: Iterable[str] | None) -> str:
    """In words.

    >>> told_seen(None), told_seen(()), told_seen(["SIM"])
    ('not known', 'no turbofans', 'SIM')
    """
    return "not known" if seen is None else ", ".join(seen) or "no turbofans"


def config_of(card: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says that the network is: its sizes, its channels and the terms that it learned on.

    A card from before it said so has the sizes that were asked for, and no channels.
    """
    if "config" in card:
        return dict(card["config"])
    asked = card.get("training", {})
    sizes = {name: asked[name] for name in ("hidden_size", "dropout") if name in asked}
    return sizes | {name: card[name] for name in ("window", "cap") if card.get(name) is not None}
