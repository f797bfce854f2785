"""What a step needs of the machine that carries it out.

An asset that trains says so by a tag; how much that is stands in the settings. Whoever places steps or
runs on machines asks here.

Belongs here: the tag, the amounts, and how schedulers want to be told. Does not belong here: any
scheduler (``ray_steps``; Kubernetes reads a run's tags by itself).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from rul_platform.settings import Settings

NEEDS_TAG = "rul/needs"
TRAINS = {NEEDS_TAG: "training"}
"""Tag of a step that trains networks or trees: ``op_tags`` of its asset."""

KUBERNETES_TAG = "dagster-k8s/config"
"""Tag of a run that Dagster's Kubernetes launcher reads."""

GPU_RESOURCE = "nvidia.com/gpu"
"""What Kubernetes calls a graphics processor of NVIDIA."""

TRAINING_CPUS = 1.0
"""Cores of a training where nobody says otherwise: torch keeps to one thread (decision record 0007)."""

LIGHT_CPUS = 0.5
"""Of every other step: it reads, cuts, judges or checks for some seconds, half of them waiting for the
store and the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNeeds:
    """What must be free on a machine before the step begins there.

    Attributes:
        cpus: Cores; a part of one lets steps share it.
        gpus: Graphics processors.
    """

    cpus: float
    gpus: float = 0.0

    def kubernetes_config(self) -> dict[str, object]:
        """The same as resources of a run's container.

        >>> StepNeeds(cpus=2, gpus=1).kubernetes_config()["container_config"]
        {'resources': {'requests': {'cpu': '2'}, 'limits': {'nvidia.com/gpu': '1'}}}
        """
        resources: dict[str, dict[str, str]] = {"requests": {"cpu": f"{self.cpus:g}"}}
        if self.gpus:
            resources["limits"] = {GPU_RESOURCE: f"{self.gpus:g}"}
        return {"container_config": {"resources": resources}}


LIGHT = StepNeeds(cpus=LIGHT_CPUS)


def training_needs(settings: Settings) -> StepNeeds:
    """What a step that trains needs."""
    return StepNeeds(cpus=settings.training_cpus or TRAINING_CPUS, gpus=settings.training_gpus)


def needs_of(tags: Mapping[str, str], training: StepNeeds) -> StepNeeds:
    """What a step with these tags needs.

    >>> needs_of({}, StepNeeds(cpus=4)).cpus, needs_of(TRAINS, StepNeeds(cpus=4)).cpus
    (0.5, 4)
    """
    return training if tags.get(NEEDS_TAG) == TRAINS[NEEDS_TAG] else LIGHT


def run_tags(settings: Settings) -> dict[str, str]:
    """Tags of a run that trains: what its machine must have, for launchers that read it there.

    Empty where nobody asked for anything, so that the UI shows no tags that mean nothing.
    """
    if settings.training_cpus is None and not settings.training_gpus:
        return {}
    return {KUBERNETES_TAG: json.dumps(training_needs(settings).kubernetes_config())}
