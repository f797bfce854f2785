"""What the assets are partitioned by."""

import dagster as dg

from rul_platform.core.architectures import (
    ARCHITECTURES,
    BENCHMARKED,
    BENCHMARKED_IF_ASKED,
)
from rul_platform.core.cmapss import SIMULATED, SUBSETS

SUBSET = dg.StaticPartitionsDefinition([*SUBSETS, SIMULATED])
ARCHITECTURE = dg.StaticPartitionsDefinition(list(ARCHITECTURES))
SUBSET_AND_ARCHITECTURE = dg.MultiPartitionsDefinition(
    {
        "subset": SUBSET,
        "architecture": dg.StaticPartitionsDefinition([*BENCHMARKED, *BENCHMARKED_IF_ASKED]),
    }
)
PLANT = dg.DynamicPartitionsDefinition(name="plant")
"""One for each plant file in ``plants/`` of the home folder; the sensor ``new_plants`` adds them."""


def cell(partition_key: str) -> tuple[str, str]:
    """Subset and architecture of a two-dimensional key; Dagster orders the two by name."""
    keys = SUBSET_AND_ARCHITECTURE.get_partition_key_from_str(partition_key).keys_by_dimension
    return keys["subset"], keys["architecture"]
