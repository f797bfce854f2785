"""Which weights may learn in which phase of a fine-tuning, and how fast.

Belongs here: the modes, as phases over names of weights. Does not belong here: training them
(``finetuning``), which approach is worth it (``approaches``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Freeze = Literal["nothing", "encoder", "encoder_at_first", "head_only", "partial", "progressive"]
"""What stays as it was pretrained.

``nothing``: full fine-tuning. ``encoder``: feature extraction, input layer and head learn.
``encoder_at_first``: as ``encoder`` for the first third of the steps, then everything learns.
``head_only``: input layer and encoder stay. ``partial``: input layer and all encoder layers but the
last stay. ``progressive``: first the head alone learns, then the last encoder layer too, then
everything. An input layer that is the plant's own is never frozen: nothing pretrained is in it."""
FREEZES: tuple[Freeze, ...] = get_args(Freeze)

LAYER_DECAY = 1 / 2.6
"""Factor on the rate from one layer to the deeper one under discriminative rates. Source: J. Howard,
S. Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018, section 3.2."""

_LAYER = re.compile(r"_l(\d+)|convs\.(\d+)")


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps during which the same weights learn.

    Attributes:
        name: In a word or two.
        share: Of all steps.
        frozen: Names of the weights that stay as they are.
        rates: Beginning of a weight's name to a factor on the learning rate; 1 where absent.
    """

    name: str
    share: float
    frozen: tuple[str, ...]
    rates: Mapping[str, float] = field(default_factory=dict[str, float])


def phases(
    names: Iterable[str],
    freeze: Freeze,
    *,
    rate: float,
    discriminative: bool = False,
    own_input: bool = False,
) -> tuple[Phase, ...]:
    """The phases of a mode, in order; their shares sum to 1.

    Args:
        names: Of all weights of the network.
        freeze: The mode.
        rate: Factor on the learning rate of the encoder.
        discriminative: Lower the rate from layer to layer instead, the deeper the lower.
        own_input: The input layer is the plant's own.
    """
    known = tuple(names)
    first = () if own_input else tuple(n for n in known if n.startswith("input_layer."))
    layers = _encoder_layers(known)
    encoder = tuple(name for layer in layers for name in layer)
    earlier = tuple(name for layer in layers[:-1] for name in layer)
    rates = _by_depth(layers, first) if discriminative else {"encoder": rate}
    match freeze:
        case "nothing":
            return (Phase("everything", 1.0, (), rates),)
        case "encoder":
            return (Phase("all but the encoder", 1.0, encoder),)
        case "encoder_at_first":
            everything = Phase("everything", 2 / 3, (), rates)
            return (Phase("all but the encoder", 1 / 3, encoder), everything)
        case "head_only":
            return (Phase("head", 1.0, first + encoder),)
        case "partial":
            return (Phase("last encoder layer", 1.0, first + earlier, rates),)
        case "progressive":
            everything = Phase("everything", 1 / 2, (), {"input_layer": rate, **rates})
            return (
                Phase("head", 1 / 4, first + encoder),
                Phase("last encoder layer", 1 / 4, first + earlier, rates),
                everything if first else Phase("everything", 1 / 2, (), rates),
            )


def never_learning(found: Iterable[Phase]) -> tuple[str, ...]:
    """The weights that are frozen in every phase."""
    first, *others = found
    return tuple(name for name in first.frozen if all(name in other.frozen for other in others))


def _encoder_layers(names: Iterable[str]) -> list[list[str]]:
    """Names of the encoder's weights by layer, the first layer first.

    A weight without a number, such as one that normalises the encoder's result, belongs to the last.
    """
    depths: dict[str, int | None] = {}
    for name in names:
        if name.startswith("encoder."):
            found = _LAYER.search(name)
            depths[name] = int(found[1] or found[2]) if found else None
    last = max((depth for depth in depths.values() if depth is not None), default=0)
    layers: list[list[str]] = [[] for _ in range(last + 1)]
    for name, depth in depths.items():
        layers[last if depth is None else depth].append(name)
    return layers


def _by_depth(layers: list[list[str]], first: tuple[str, ...]) -> dict[str, float]:
    """Rates that fall with the distance from the head."""
    rates = {
        name: LAYER_DECAY ** (len(layers) - depth)
        for depth, layer in enumerate(layers)
        for name in layer
    }
    return rates | dict.fromkeys(first, LAYER_DECAY ** (len(layers) + 1))
