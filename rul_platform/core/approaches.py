"""The names of the ways to get a plant's model, and which of them use what was learned elsewhere.

Apart from ``learning.transfer.approaches``, which says how each is trained, so that reports and the code
location can name them without importing torch.
"""

from typing import Literal

ZERO_SHOT = "zero-shot"
FROM_SCRATCH = "from scratch"
BOOSTING = "boosting"
HEAD_ONLY = "head only"
PROGRESSIVE = "progressive unfreezing"
DISCRIMINATIVE = "discriminative rates"
FULL = "full fine-tuning"
REPLAY = "source replay"
POOLED = "pooled boosting"
BLEND = "blend"
SCRATCH_BLEND = "scratch blend"
WHOLE_HISTORIES = "whole histories"
ENSEMBLE = "ensemble"

APPROACHES = (
    ZERO_SHOT,
    BOOSTING,
    FROM_SCRATCH,
    SCRATCH_BLEND,
    WHOLE_HISTORIES,
    ENSEMBLE,
    HEAD_ONLY,
    FULL,
    DISCRIMINATIVE,
    PROGRESSIVE,
    POOLED,
    REPLAY,
    BLEND,
)
"""All of them, the simplest first: of equals the simpler is taken."""

BY_OPTION = {name.replace(" ", "_").replace("-", "_"): name for name in APPROACHES}
"""The same as one word each, as options of commands and launchpads have them, to the name."""

SCRATCH = (BOOSTING, FROM_SCRATCH, SCRATCH_BLEND, WHOLE_HISTORIES, ENSEMBLE)
"""Learned from the plant's own units alone; all others use what was learned elsewhere."""

BEGIN_WITH_NOTHING = (*SCRATCH, POOLED)
"""They have no network that could go on from another one's weights."""

REFERENCES = (ZERO_SHOT, FROM_SCRATCH, BOOSTING)
"""What no chosen approach may be worse than: doing nothing, and ignoring what was learned elsewhere."""

BLENDS = {
    BLEND: (REPLAY, POOLED),
    SCRATCH_BLEND: (FROM_SCRATCH, BOOSTING),
    ENSEMBLE: (WHOLE_HISTORIES, BOOSTING),
}
"""Weighted means of two approaches, the network first: a network and boosting err differently."""

FROM_CHAMPION = ", from the champion"
"""What a name ends with when its networks went on learning from those of the model in charge."""

DEFAULT_WITH_SOURCE = (
    ZERO_SHOT,
    BOOSTING,
    FROM_SCRATCH,
    SCRATCH_BLEND,
    HEAD_ONLY,
    POOLED,
    REPLAY,
    BLEND,
)
DEFAULT_WITHOUT_SOURCE = (
    ZERO_SHOT,
    BOOSTING,
    FROM_SCRATCH,
    SCRATCH_BLEND,
    HEAD_ONLY,
    FULL,
    DISCRIMINATIVE,
)
"""What a plant tries where nobody asks for others. It is a matter of cost: each network is one training
for each fold. With source units at hand, source replay stands for all ways to fine-tune a whole network
(docs/experiments.md)."""

FOR_MANY_UNITS = (WHOLE_HISTORIES, ENSEMBLE)
"""What needs some fifty failed units, and ten seconds and more for each fold: tried only where it, or
every approach, is asked for."""

FOR_FEW_UNITS = tuple(name for name in APPROACHES if name not in FOR_MANY_UNITS)
"""What a study of few units measures."""

Benefit = Literal["helps", "harms", "undecided"]
"""What pretraining does for a plant."""


def approach_of(name: str) -> str:
    """The approach behind a name, wherever its networks began.

    >>> approach_of("source replay, from the champion")
    'source replay'
    """
    return name.removesuffix(FROM_CHAMPION)
