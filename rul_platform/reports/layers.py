"""A graph without circles, drawn in layers: what was made from something stands above it.

The usual three steps (K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical
system structures", 1981), small: long edges get a place of their own in each layer that they cross;
layers are sorted by the mean place of their neighbours; then each moves as near to them as it can.

Belongs here: positions, in the units of the drawing. Does not belong here: marks, words (templates).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

BOX_WIDTH, BOX_HEIGHT = 190, 62
"""Of three lines of small type."""

ROW_HEIGHT, GAP = 108, 12
PASSING = 16
"""Width that a long edge takes in a layer that it crosses."""

SWEEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where something stands: its upper left corner."""

    key: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From something to what it was made from.

    Attributes:
        above: Key of what was made.
        below: Key of what it was made from.
        path: Of the drawing, as SVG has it.
    """

    above: str
    below: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All boxes and edges, within a width and a height."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Place:
    """A box, or an edge on its way through a layer."""

    key: str
    number: int  # of an edge; -1 of a box

    @property
    def width(self) -> int:
        return BOX_WIDTH if self.number < 0 else PASSING


def draw(depths: Mapping[str, int], below: Mapping[str, Sequence[str]]) -> Drawing:
    """Place everything.

    Args:
        depths: Layer of each key, 0 on top; below lies deeper than above. At least one key.
        below: What each was made from; all of it has a depth.
    """
    chains = _chains(depths, below)
    layers = _layers(depths, chains)
    _sort(layers, chains)
    centres = _centres(layers, chains)
    width = max(centre + place.width / 2 for place, centre in centres.items())
    boxes = [
        Box(key=place.key, x=centres[place] - BOX_WIDTH / 2, y=depth * ROW_HEIGHT)
        for depth, layer in enumerate(layers)
        for place in layer
        if place.number < 0
    ]
    edges = [
        Edge(above=chain[0].key, below=chain[-1].key, path=_path(chain, depths, centres))
        for chain in chains
    ]
    height = (len(layers) - 1) * ROW_HEIGHT + BOX_HEIGHT
    return Drawing(boxes=tuple(boxes), edges=tuple(edges), width=width, height=height)


def _chains(
    depths: Mapping[str, int], below: Mapping[str, Sequence[str]]
) -> list[tuple[_Place, ...]]:
    """Each edge as the places that it goes through, from above."""
    found, pairs = list[tuple[_Place, ...]](), [(a, b) for a in depths for b in below.get(a, ())]
    for number, (above, end) in enumerate(pairs):
        passing = [_Place(f"{number}-{depth}", number) for depth in
                   range(depths[above] + 1, depths[end])]  # fmt: skip
        found.append((_Place(above, -1), *passing, _Place(end, -1)))
    return found


def _layers(depths: Mapping[str, int], chains: Sequence[tuple[_Place, ...]]) -> list[list[_Place]]:
    layers: list[list[_Place]] = [[] for _ in range(max(depths.values()) + 1)]
    for key, depth in depths.items():
        layers[depth].append(_Place(key, -1))
    for chain in chains:
        for depth, place in enumerate(chain[1:-1], start=depths[chain[0].key] + 1):
            layers[depth].append(place)
    return layers


def _sort(layers: list[list[_Place]], chains: Sequence[tuple[_Place, ...]]) -> None:
    """Put each place near the mean place of its neighbours, downwards and upwards in turn."""
    up, down = dict[_Place, list[_Place]](), dict[_Place, list[_Place]]()
    for chain in chains:
        for above, below in pairwise(chain):
            up.setdefault(below, []).append(above)
            down.setdefault(above, []).append(below)
    for sweep in range(SWEEPS):
        is_down = sweep % 2 == 0
        order, near = (layers, up) if is_down else (layers[::-1], down)
        for before, layer in pairwise(order):
            at = {place: number / max(1, len(before) - 1) for number, place in enumerate(before)}
            own = {place: number / max(1, len(layer) - 1) for number, place in enumerate(layer)}
            means = {place: _mean([at[each] for each in near.get(place, ()) if each in at],
                                  own[place]) for place in layer}  # fmt: skip
            layer.sort(key=means.__getitem__)


def _mean(places: list[float], otherwise: float) -> float:
    return sum(places) / len(places) if places else otherwise


def _centres(
    layers: Sequence[Sequence[_Place]], chains: Sequence[tuple[_Place, ...]]
) -> dict[_Place, float]:
    """Each place as near above and below its neighbours as the others of its layer let it."""
    near = dict[_Place, list[_Place]]()
    for above, below in (pair for chain in chains for pair in pairwise(chain)):
        near.setdefault(below, []).append(above)
        near.setdefault(above, []).append(below)
    found = dict[_Place, float]()
    for layer in layers:
        found |= _spread(layer, [0.0] * len(layer))
    for _ in range(SWEEPS):
        for layer in (*layers, *layers[::-1]):
            wanted = [_mean([found[n] for n in near.get(each, ())], found[each]) for each in layer]
            found |= _spread(layer, wanted)
    left = min(centre - place.width / 2 for place, centre in found.items())
    return {place: centre - left for place, centre in found.items()}


def _spread(layer: Sequence[_Place], wanted: Sequence[float]) -> dict[_Place, float]:
    """Places of a layer without overlap, on the whole where they are wanted."""
    centres, end = list[float](), -math.inf
    for place, at in zip(layer, wanted, strict=True):
        centres.append(max(at, end + GAP + place.width / 2))
        end = centres[-1] + place.width / 2
    shift = sum(at - got for at, got in zip(wanted, centres, strict=True)) / max(1, len(centres))
    return {place: centre + shift for place, centre in zip(layer, centres, strict=True)}


def _path(
    chain: tuple[_Place, ...], depths: Mapping[str, int], centres: Mapping[_Place, float]
) -> str:
    """A smooth line from the lower side of a box to the upper side of another."""
    top = depths[chain[0].key]
    x, y = centres[chain[0]], top * ROW_HEIGHT + BOX_HEIGHT
    parts = [f"M{x:.1f} {y:.1f}"]
    for depth, place in enumerate(chain[1:], start=top + 1):
        to, end = centres[place], depth * ROW_HEIGHT
        half = (end - y) / 2
        parts.append(f"C{x:.1f} {y + half:.1f} {to:.1f} {end - half:.1f} {to:.1f} {end:.1f}")
        x, y = to, end
        if place.number >= 0:
            y = end + BOX_HEIGHT
            parts.append(f"V{y:.1f}")
    return "".join(parts)
