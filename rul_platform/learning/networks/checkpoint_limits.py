"""What no checkpoint may say or hold: it may be anybody's file, and is refused before it costs anything.

A small file can name a huge network, or unpack to more than the memory holds. Both are seen without
building or unpacking.

Belongs here: sizes, and what counts as a weight. Does not belong here: the format (``checkpoints``).
"""

import io
import math
import zipfile
from collections.abc import Mapping
from typing import Any

import torch

from rul_platform.core.parents import MAX_CHECKPOINT_BYTES

Problems = dict[str, tuple[object, object]]
"""What does not fit: its name, what was found, and what was expected."""

MAX_SIZE = 65_536
"""Of any one size in a config, and of the readings that one convolution reaches back."""

BYTES_OF_A_WEIGHT = 4
MAX_TEXT = 200
"""Characters of a channel's name, and of any other text."""

SIZES = {"input_size": 1, "hidden_size": 1, "num_layers": 1, "kernel_size": 1, "bins": 0}
"""Sizes of a config, with the least that each can be."""


def archive_problem(data: bytes) -> tuple[object, object] | None:
    """Why these bytes are no archive to unpack, or None; torch itself packs nothing smaller.

    In our words: torch's own advise to read it in the way that lets it run code.
    """
    expected = "a torch.save archive of plain tensors"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return f"{len(data)} bytes that are no whole archive", expected
    size = sum(entry.file_size for entry in entries)
    if size > MAX_CHECKPOINT_BYTES:
        return f"an archive that unpacks to {size} bytes", f"at most {MAX_CHECKPOINT_BYTES}"
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        return "an archive with compressed entries", expected
    return None


def size_problems(name: str, config: Mapping[str, Any], weights: int) -> Problems:
    """Sizes that no network has, or that so many weights cannot be of; all have the right type."""
    problems: Problems = {
        f"config.{key}": (config[key], f"{least} to {MAX_SIZE}")
        for key, least in SIZES.items()
        if key in config and not (least <= config[key] <= MAX_SIZE)
    }
    if not 0 <= config["dropout"] < 1:
        problems["config.dropout"] = (config["dropout"], "0 or more and less than 1")
    if not math.isfinite(config.get("far", 0.0)):
        problems["config.far"] = (config["far"], "0 or more than 1")
    if not problems and config["num_layers"] > weights:
        problems["config.num_layers"] = (
            config["num_layers"],
            f"at most one for each of {weights} weights",
        )
    if not problems and name == "tcn" and _reach(config) > MAX_SIZE:
        expected = f"convolutions that reach back {MAX_SIZE} readings at most"
        problems["config.num_layers"] = (config["num_layers"], expected)
    return problems


def text_problems(config: Mapping[str, Any]) -> Problems:
    """Texts that nobody can read, and names of channels that are none: weights are inherited by them."""
    problems: Problems = {}
    channels = config["channels"]
    names = {each for each in channels if _is_readable(each)}
    if len(names) != len(channels):
        found = f"{len(channels)} entries, {len(names)} of them names that differ"
        problems["config.channels"] = (found, "a printable name for each channel, none twice")
    others = [config.get("life_unit", "cycles"), *config.get("scalers", ())]
    if not all(map(_is_readable, others)):
        expected = f"printable texts of 1 to {MAX_TEXT} characters"
        problems["config"] = ("a life_unit or scaler that is no such text", expected)
    return problems


def is_too_heavy(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether weights of these shapes need more memory than any checkpoint holds."""
    count = sum(math.prod(shape) for shape in shapes.values())
    return count * BYTES_OF_A_WEIGHT > MAX_CHECKPOINT_BYTES


def told(weight: object) -> object:
    """The shape of a weight; of what is none, what it is instead."""
    if not isinstance(weight, torch.Tensor):
        return type(weight).__name__
    is_plain = weight.layout == torch.strided and weight.device.type == "cpu"
    if not is_plain or not weight.is_floating_point():
        return f"{weight.dtype} on {weight.device.type}, {weight.layout}"
    return tuple(weight.shape)


def not_finite(state: Mapping[str, torch.Tensor]) -> Problems:
    """Weights that hold NaN or infinity, as they are after a training that diverged."""
    return {
        name: ("a value that is NaN or infinite", "finite numbers")
        for name, weight in state.items()
        if not bool(torch.isfinite(weight.to(torch.float32)).all())
    }


def _is_readable(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= MAX_TEXT and text.isprintable()


def _reach(config: Mapping[str, Any]) -> int:
    """Readings that the last convolution of a TCN looks back; the number of layers is small by now."""
    return (config["kernel_size"] - 1) * 2 ** min(config["num_layers"] - 1, MAX_SIZE.bit_length())
