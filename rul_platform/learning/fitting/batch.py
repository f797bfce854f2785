"""What one step learns from: readings and their labels.

Belongs here: the two tuples. Does not belong here: which readings make a batch (``batches``), what an
error on one costs (``losses``).

Shape letters: B batch, W window length, F channels. Of whole histories B stands for batch and
readings, ``(B, T)``.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Labels(NamedTuple):
    """Labels, in units of the cap.

    Attributes:
        y_B: At most 1.
        at_least_B: Which of them are only lower bounds; None where none is.
        far_B: At most the far cap; None without one.
        far_at_least_B: Which of these are only lower bounds; None where none is.
    """

    y_B: Tensor  # noqa: N815  shape letters
    at_least_B: Tensor | None = None  # noqa: N815
    far_B: Tensor | None = None  # noqa: N815
    far_at_least_B: Tensor | None = None  # noqa: N815

    def take(self, chosen_B: Tensor) -> "Labels":
        """Some of them."""
        return self.changed(lambda each: each[chosen_B])

    def to(self, device: str) -> "Labels":
        """All of them on ``device``."""
        return self.changed(lambda each: each.to(device))

    def changed(self, change: Callable[[Tensor], Tensor]) -> "Labels":
        """``change`` done to each of them."""
        near, *others = self
        return Labels(change(near), *(None if each is None else change(each) for each in others))


class Batch(NamedTuple):
    """What one step learns from.

    Attributes:
        x_BWF: Windows, or whole histories.
        y_B: As of :class:`Labels`, like the next three.
        weight_B: How much each label counts; None: all the same.
    """

    x_BWF: Tensor  # noqa: N815  shape letters
    y_B: Tensor  # noqa: N815
    at_least_B: Tensor | None = None  # noqa: N815
    far_B: Tensor | None = None  # noqa: N815
    far_at_least_B: Tensor | None = None  # noqa: N815
    weight_B: Tensor | None = None  # noqa: N815
