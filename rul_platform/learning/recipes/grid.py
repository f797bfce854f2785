"""A plain grid: every combination of a few values, scored like any trial of a search.

Belongs here: from a space to a search of its cells. Does not belong here: running it (``search``).
"""

from dataclasses import replace

from rul_platform.core.search_space import SearchSpace
from rul_platform.errors import SearchError
from rul_platform.learning.recipes.studies import Search


def grid_search(space: SearchSpace, wanted: Search) -> Search:
    """``wanted`` as a search of all cells of ``space``; none of them is given up early.

    Args:
        space: A range stands for its ends and its middle.
        wanted: Its ``trials`` are the most cells that may be asked for.

    Raises:
        SearchError: The grid has more cells than that; says how many each number brings.
    """
    cells = space.grid()
    if len(cells) > wanted.trials:
        sizes = " x ".join(f"{len(each.points())} {each.name}" for each in space.dimensions)
        msg = (
            f"The grid has {len(cells)} cells ({sizes}), and {wanted.trials} trials are allowed. Allow "
            f"{len(cells)}, or give a space with fewer values."
        )
        raise SearchError(msg)
    return replace(wanted, firsts=tuple(cells), trials=len(cells), pruner="none")
