"""Checkpoints in the documented format, and nothing else.

    {"model_state_dict": …, "model_name": "lstm" | "gru" | "tcn",
     "config": {"input_size", "hidden_size", "num_layers", "dropout", "kernel_size", "channels",
                and, where they differ from the default: "normalise", "bidirectional", "far", "bins",
                "reads"; and, where it is known on what terms it learned: "cap", "life_unit", "window",
                "scalers"}}

Written to memory first: ``torch.save`` to a file name puts that name into the archive, and equal
weights would hash differently. Read only with ``weights_only=True``: anything else can run code.
"""

import io
import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch

from rul_platform.core.architectures import ARCHITECTURES, Architecture
from rul_platform.core.parents import MAX_CHECKPOINT_BYTES
from rul_platform.core.terms import UNKNOWN, WINDOW, Terms
from rul_platform.errors import CheckpointError, NetworkError
from rul_platform.learning.networks import checkpoint_limits as limits
from rul_platform.learning.networks.models import ModelConfig, RulNetwork, build

CONFIG_TYPES: dict[str, type] = {
    "input_size": int,
    "hidden_size": int,
    "num_layers": int,
    "dropout": float,
    "kernel_size": int,
    "channels": list,
}

OPTIONAL_TYPES: dict[str, type] = {
    "normalise": bool,
    "bidirectional": bool,
    "far": float,
    "bins": int,
    "reads": str,
}
"""Entries that a checkpoint may lack: it then has the default of :class:`ModelConfig`."""

TERMS_TYPES: dict[str, type] = {"cap": float, "life_unit": str, "window": int, "scalers": list}
"""Entries that a checkpoint may lack: it is then not known on what terms it learned."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A network as it is stored.

    Attributes:
        config: What to build.
        channels: Names of the F input channels, in order.
        state: Name of each weight to its tensor.
        terms: What its numbers mean, as far as it is known.
    """

    config: ModelConfig
    channels: tuple[str, ...]
    state: dict[str, torch.Tensor] = field(repr=False)
    terms: Terms = UNKNOWN

    def network(self) -> RulNetwork:
        """Build the network with these weights, ready to predict."""
        network = build(self.config, seed=0)
        network.load_state_dict(self.state)
        return network.eval()

    def differences(self, here: Terms) -> dict[str, str]:
        """What was different where it learned, by name; whole histories are of any length."""
        found = self.terms.differences(here)
        reads_all = self.config.reads == "history"
        return {name: why for name, why in found.items() if not (reads_all and name == WINDOW)}


def dump(
    network: RulNetwork, config: ModelConfig, channels: tuple[str, ...], terms: Terms = UNKNOWN
) -> bytes:
    """The checkpoint's bytes; the same weights and the same terms give the same bytes."""
    return _packed(Checkpoint(config, channels, dict(network.state_dict()), terms))


def on_terms(data: bytes, terms: Terms) -> bytes:
    """A checkpoint of ours that also says on what terms it learned; the window that it names stays."""
    loaded = load(data, source="a network just trained")
    window = loaded.terms.window or terms.window
    return _packed(replace(loaded, terms=replace(terms, window=window)))


def _packed(checkpoint: Checkpoint) -> bytes:
    state = {name: tensor.detach().clone() for name, tensor in checkpoint.state.items()}
    payload = {
        "model_state_dict": state,
        "model_name": checkpoint.config.name,
        "config": described(checkpoint),
    }
    buffer = io.BytesIO()
    torch.save(payload, buffer)
    return buffer.getvalue()


def load(data: bytes, *, source: str, architecture: str | None = None) -> Checkpoint:
    """Read a checkpoint and check all of it before anything is built.

    Args:
        data: Bytes whose hash was verified.
        source: What to name in an error.
        architecture: Refuse any other, when given.

    Raises:
        CheckpointError: Lists everything that does not fit.
    """
    payload = _unpack(data, source)
    name, config = payload["model_name"], payload["config"]
    problems = _config_problems(config) or _impossible(name, config, payload["model_state_dict"])
    if name not in ARCHITECTURES:
        problems["model_name"] = (name, " or ".join(ARCHITECTURES))
    elif architecture is not None and name != architecture:
        problems["model_name"] = (name, architecture)
    if problems:
        raise CheckpointError(source, problems)
    model = _model_config(name, config, source)
    state = payload["model_state_dict"]
    _refuse_other_shapes(state, model, source)
    return Checkpoint(model, tuple(config["channels"]), state, _terms(config))


def load_given(data: bytes, *, source: str, architecture: str | None = None) -> Checkpoint:
    """As :func:`load`, of a file that somebody brings: its weights must also be finite numbers.

    Raises:
        CheckpointError: Lists everything that does not fit.
    """
    loaded = load(data, source=source, architecture=architecture)
    if problems := limits.not_finite(loaded.state):
        raise CheckpointError(source, problems)
    return loaded


def described(checkpoint: Checkpoint) -> dict[str, Any]:
    """The documented config: what the network is, its channels, and on what terms it learned."""
    return (
        _documented(checkpoint.config)
        | {"channels": list(checkpoint.channels)}
        | checkpoint.terms.to_json()
    )


def _documented(config: ModelConfig) -> dict[str, Any]:
    """The config's entries, of the optional ones those that differ from the default."""
    defaults = {each.name: each.default for each in fields(ModelConfig)}
    return {
        key: value
        for key, value in config.to_json().items()
        if key in CONFIG_TYPES or value != defaults[key]
    }


def _model_config(name: Architecture, config: dict[str, Any], source: str) -> ModelConfig:
    """What to build, without the names of channels and what their numbers mean."""
    others = {"channels", *TERMS_TYPES}
    sizes = {key: value for key, value in config.items() if key not in others}
    try:
        return ModelConfig(name=name, **sizes)
    except NetworkError as error:
        found, expected = "; ".join(error.problems), "options that go together"
        raise CheckpointError(source, {"config": (found, expected)}) from error


def _terms(config: dict[str, Any]) -> Terms:
    """What is said of them; all of it was checked."""
    return Terms(
        cap=config.get("cap"),
        life_unit=config.get("life_unit"),
        window=config.get("window"),
        scalers=tuple(config.get("scalers", ())),
    )


def _config_problems(config: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Entries of the config that are absent, unknown, of another type, or do not fit each other."""
    known = CONFIG_TYPES | OPTIONAL_TYPES | TERMS_TYPES
    problems: dict[str, tuple[object, object]] = {
        f"config.{key}": (config.get(key, "nothing"), kind.__name__)
        for key, kind in CONFIG_TYPES.items()
        if not isinstance(config.get(key), kind)
    }
    problems |= {
        f"config.{key}": (value, known[key].__name__ if key in known else "no such entry")
        for key, value in config.items()
        if key not in CONFIG_TYPES and not isinstance(value, known.get(key, ()))
    }
    if not problems and len(config["channels"]) != config["input_size"]:
        problems["config.channels"] = (len(config["channels"]), config["input_size"])
    return problems | (_impossible_terms(config) if not problems else {})


def _impossible(name: str, config: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """Sizes and names that no network of ours can have, before one of that size is built."""
    sizes = limits.size_problems(name, config, len(state))
    return sizes | limits.text_problems(config)


def _impossible_terms(config: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Terms of the right type that nothing can have learned on."""
    cap, window, scalers = (config.get(key) for key in ("cap", "window", "scalers"))
    wrong = {
        "config.cap": (cap, "a number above 0", cap is not None and not 0 < cap < math.inf),
        "config.window": (window, "1 or more", window is not None and window < 1),
        "config.scalers": (
            scalers,
            "a list of fingerprints",
            any(not isinstance(each, str) for each in scalers or ()),
        ),
    }
    return {name: (found, expected) for name, (found, expected, is_so) in wrong.items() if is_so}


def _unpack(data: bytes, source: str) -> dict[str, Any]:
    """The three documented entries, or a refusal; nothing is unpacked that would not fit into memory."""
    if (problem := limits.archive_problem(data)) is not None:
        raise CheckpointError(source, {"file": problem})
    try:
        payload = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged or unsafe bytes
        found = (
            "an archive that is damaged, or holds other objects than tensors, which could run code"
        )
        expected = "a torch.save archive of plain tensors"
        raise CheckpointError(source, {"file": (found, expected)}) from error
    entries = {"model_state_dict": dict, "model_name": str, "config": dict}
    found = payload if isinstance(payload, dict) else {}
    wrong = {
        key: (type(found.get(key)).__name__, kind.__name__)
        for key, kind in entries.items()
        if not isinstance(found.get(key), kind)
    } or _unnamed(found)
    if wrong:
        raise CheckpointError(source, wrong)
    return found


def _unnamed(payload: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Which of the two tables has keys that are no names."""
    return {
        table: ("keys that are no text", "names")
        for table in ("model_state_dict", "config")
        if not all(isinstance(key, str) for key in payload[table])
    }


def _refuse_other_shapes(state: dict[str, Any], config: ModelConfig, source: str) -> None:
    """Compare every weight with the network that the config describes, which is not built."""
    with torch.device("meta"):
        expected = {name: tuple(t.shape) for name, t in build(config, seed=0).state_dict().items()}
    if limits.is_too_heavy(expected):
        most = f"weights of {MAX_CHECKPOINT_BYTES} bytes at most"
        raise CheckpointError(source, {"config": ("the sizes of a larger network", most)})
    found = {name: limits.told(tensor) for name, tensor in state.items()}
    wrong = {
        name: (found.get(name, "absent"), expected.get(name, "absent"))
        for name in sorted(expected.keys() | found.keys())
        if found.get(name) != expected.get(name)
    }
    if wrong:
        raise CheckpointError(source, wrong)
