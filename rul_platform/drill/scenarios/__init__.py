"""Ways to hurt the platform, one in a file; ``ALL`` is the order in which a drill carries them out."""

from rul_platform.drill.faults import Scenario
from rul_platform.drill.scenarios import (
    artifacts,
    clocks,
    damage,
    databases,
    deployments,
    duplicates,
    full_disk,
    locks,
    retrains,
    services,
    stores,
    swaps,
    writers,
)

ALL: tuple[Scenario, ...] = (
    artifacts.SCENARIO,
    deployments.SCENARIO,
    writers.SCENARIO,
    full_disk.SCENARIO,
    damage.SCENARIO,
    clocks.SCENARIO,
    duplicates.SCENARIO,
    locks.SCENARIO,
    databases.SCENARIO,
    stores.SCENARIO,
    swaps.SCENARIO,
    services.SCENARIO,
    retrains.SCENARIO,
)
