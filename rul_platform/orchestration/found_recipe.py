"""How to train with a recipe that a search found: which launchpad takes which of its numbers.

Belongs here: the way from a recipe to launchpads. Does not belong here: the search (``tuning``), the
command that says the same (``cli.tune``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rul_platform.orchestration.benchmark_config import BenchmarkConfig
from rul_platform.orchestration.finetuning_config import ApproachName, FinetunedModelConfig
from rul_platform.orchestration.studies import Known

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.recipes.objective import Ground

SHAPE = {"hidden_size": "hidden_size", "num_layers": "layers", "dropout": "dropout"}
"""Numbers that shape a network, and what launchpads call them. A plant's network from scratch has the
shape of the pretrained one."""


def how_to_use(best: Mapping[str, Any], known: Known, ground: "Ground") -> dict[str, Any]:
    """The launchpad that trains as the search did, with what was found.

    Args:
        best: The recipe.
        known: What was searched on.
        ground: How it was searched.

    Returns:
        ``asset``, ``partition`` and ``config`` of the launchpad; ``shape``: what the launchpad of
        `pretrained_checkpoint` must be given before it; ``no_field``: numbers that neither takes.
    """
    architecture, fit = ground.architecture, ground.fit
    config: dict[str, Any] = {"seed": fit.seed}
    shape: dict[str, Any] = {}
    called: dict[str, str] = {}
    if not known.is_plant:
        asset, partition, launchpad = (
            "cmapss_benchmark", f"{architecture}|{known.name}", BenchmarkConfig,
        )  # fmt: skip
        config["steps"], called = fit.steps, SHAPE
    else:
        asset, partition, launchpad = "finetuned_model", known.name, FinetunedModelConfig
        config["architecture"] = architecture
        if ground.start is None:
            config |= {"approach": ApproachName.from_scratch.value, "scratch_steps": fit.steps}
            called = {"learning_rate": "scratch_rate"}
            shape = {SHAPE[name]: value for name, value in best.items() if name in SHAPE}
        else:
            config |= {"approach": ApproachName.full_fine_tuning.value, "steps": fit.steps}
    named = {name: called.get(name, name) for name in best}
    config |= {named[n]: value for n, value in best.items() if named[n] in launchpad.model_fields}
    taken = {*(n for n in best if named[n] in config), *(SHAPE if shape else ())}
    return {
        "asset": asset,
        "partition": partition,
        "config": config,
        "shape": shape,
        "no_field": sorted(name for name in best if name not in taken),
    }
