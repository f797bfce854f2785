"""Ways to hurt the platform, one in a file; ``ALL`` is the order in which a drill carries them out."""

from rul_platform.drill.faults import Scenario
from rul_platform.drill.scenarios import deployments

ALL: tuple[Scenario, ...] = (deployments.SCENARIO,)
