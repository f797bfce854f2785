"""Checkpoint files, small and made within milliseconds."""

from pathlib import Path

from rul_platform.core.architectures import Architecture
from rul_platform.core.terms import UNKNOWN, Terms
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.networks.models import build, default_config


def checkpoint_bytes(
    architecture: Architecture = "lstm",
    *,
    channels: tuple[str, ...] = ("heat", "age"),
    seed: int = 1,
    terms: Terms = UNKNOWN,
) -> bytes:
    """In the documented format; another seed, other weights."""
    config = default_config(architecture, len(channels), hidden_size=4)
    return checkpoints.dump(build(config, seed=seed), config, channels, terms)


def checkpoint_file(folder: Path, name: str = "given.pt", **of: object) -> Path:
    """The same as a file in ``folder``."""
    path = folder / name
    path.write_bytes(checkpoint_bytes(**of))  # pyright: ignore[reportArgumentType]
    return path
