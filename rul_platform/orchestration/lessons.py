"""What a plant's model is made from: its windows, a pretrained network, source units, the champion.

Belongs here: which of them fit, and why the others do not. Does not belong here: training
(``learning``), reading the current ones (each asset's own step).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rul_platform.core import splits
from rul_platform.core.approaches import FOR_MANY_UNITS
from rul_platform.core.parents import IMPORTED, NOTHING_OF_THESE, PRETRAINED
from rul_platform.core.plant import Plant
from rul_platform.core.preparation import Preparation
from rul_platform.core.subsets import SUBSETS
from rul_platform.core.terms import scaler_fingerprint
from rul_platform.core.windows import Windows, pool
from rul_platform.errors import LeakError, MissingArtifactError
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig, StartName
from rul_platform.orchestration.step import Files, Step
from rul_platform.orchestration.stored_windows import (
    cmapss_training,
    plant_windows,
    preparation_of,
    splits_of,
)

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.networks.checkpoints import Checkpoint
    from rul_platform.learning.transfer.approaches import Setting

MEMBER_FILE = "checkpoint_{}.pt"
"""A network of a model that has several, in the order of its folds."""

RIVAL_FILE = "rival_{}.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What there is to learn from.

    Attributes:
        stored: The plant's windows.
        parent: The pretrained network, of the asset or imported.
        source: Windows that the pretrained network learned from, by subset; none where they do not fit.
        champion: The model whose networks may go on learning; None where none fits.
        remarks: Why something that could have been used is not, by what it is.
    """

    stored: Files
    parent: Files
    source: Mapping[str, Files] = field(default_factory=dict[str, Files])
    champion: Files | None = None
    remarks: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def known(self) -> Windows:
        """Windows of all units that may teach."""
        return plant_windows(self.stored).select(splits.TRAIN, splits.VALID)

    def setting(self, config: FinetunedModelConfig) -> "Setting":
        """The same, loaded, with the settings of the training loop."""
        from rul_platform.learning.networks.checkpoints import load
        from rul_platform.learning.transfer.approaches import Setting

        preparation = preparation_of(self.stored)
        source = {name: cmapss_training(files) for name, files in self.source.items()}
        parent = f"{origin_of(self.parent)} {self.parent.sha256[:12]}"
        return Setting(
            checkpoint=load(
                self.parent.read("checkpoint.pt"),
                source=parent,
                architecture=config.architecture.value,
            ),
            channels=preparation.channels,
            window=preparation.window,
            cap=preparation.cap,
            config=config.finetuning(len(self.known)),
            source=pool(source) if source else None,
            start=None if self.champion is None else _networks(self.champion, config),
            life_unit=preparation.life_unit,
            scaler=scaler_fingerprint(preparation.scaler.to_json()),
        )


def _networks(champion: Files, config: FinetunedModelConfig) -> "dict[int, Checkpoint]":
    """The champion's networks by fold."""
    from rul_platform.learning.networks.checkpoints import load

    folds = card_of(champion)["member_folds"]
    return {
        fold: load(
            champion.read(MEMBER_FILE.format(number)),
            source=f"finetuned_model {champion.sha256[:12]}",
            architecture=config.architecture.value,
        )
        for number, fold in enumerate(folds)
    }


def rival_file(approach: str) -> str:
    """Where a model artifact keeps the graph of an approach that it is measured against.

    >>> rival_file("from scratch")
    'rival_from_scratch.onnx'
    """
    return RIVAL_FILE.format(approach.replace(" ", "_"))


def card_of(files: Files) -> dict[str, Any]:
    """A model's or a checkpoint's card."""
    return json.loads(files.read("card.json"))


def origin_of(parent: Files) -> str:
    """Where a checkpoint comes from, as lineage names what was read."""
    return card_of(parent).get("origin", PRETRAINED)


def source_of(step: Step, parent: Files, stored: Files) -> tuple[dict[str, Files], str | None]:
    """The windows that the pretrained network learned from, and why they cannot be replayed here.

    Only those that are used are recorded as read.
    """
    from rul_platform.learning.networks.checkpoints import load

    card, now = card_of(parent), preparation_of(stored)
    if origin_of(parent) == IMPORTED:
        return {}, "it was imported, and the windows that it learned from are not here"
    channels = load(parent.read("checkpoint.pt"), source="pretrained_checkpoint").channels
    if channels != now.channels:
        return {}, f"it has other channels ({len(channels)}) than this plant ({len(now.channels)})"
    if (card["window"], card["cap"]) != (now.window, now.cap):
        found = f"window {card['window']} and label cap {card['cap']:g}"
        return {}, f"it was cut with {found}, this plant with {now.window} and {now.cap:g}"
    windows = card["windows"].items()
    return {name: step.read_exactly("cmapss_windows", name, sha) for name, sha in windows}, None


def refuse_leak(plant: Plant, parent: Files) -> None:
    """Refuse a checkpoint that has seen the plant's own machines: it would flatter every figure.

    Raises:
        LeakError: The pretrained network has seen machines that this plant holds out, or may have.
    """
    seen, held_out = card_of(parent)["subsets"], plant.transfer.held_out
    if seen is None and held_out:
        msg = (
            f"What the imported checkpoint {parent.sha256[:12]} has seen is not known, and plant "
            f"{plant.name} holds out {', '.join(held_out)} because its machines come from there. Import "
            f"it again under another name and say so, with `--seen {SUBSETS[0]}` for each subset or "
            f"`--seen {NOTHING_OF_THESE}`, and select that; or select another checkpoint."
        )
        raise LeakError(msg)
    if shared := sorted(set(seen or ()) & set(held_out)):
        msg = (
            f"The checkpoint was pretrained on {', '.join(shared)}, which plant {plant.name} holds "
            f"out because its machines come from there. Materialise pretrained_checkpoint without it, "
            f"or select another checkpoint with `rul checkpoint select`."
        )
        raise LeakError(msg)


def learned_first(model: Files) -> set[str] | None:
    """Subsets that a model's networks have seen, by way of all models that they went on from.

    None where one of them began with an imported checkpoint of which that is not known.

    Raises:
        MissingArtifactError: One of these is not stored any more.
    """
    store, found, card = model.store, set[str](), card_of(model)
    while True:
        parent = card_of(Files(store, store.artifact(card["parent"])))
        if parent["subsets"] is None:
            return None
        found |= set(parent["subsets"])
        start = card.get("start", {})
        if start.get("from") != "champion":
            return found
        card = card_of(Files(store, store.artifact(start["sha256"])))


def misfit_of(config: FinetunedModelConfig, champion: Files, stored: Files) -> str | None:
    """Why the champion's networks cannot be gone on with, or None."""
    card, now = card_of(champion), preparation_of(stored)
    then = Preparation.from_json(card["preparation"])
    roles = splits_of(stored)
    family = card.get("parent_architecture", card["architecture"])
    if "folds" not in card:
        return "it was made before units had folds"
    if family != config.architecture.value:
        return f"its architecture is {family}, not {config.architecture.value}"
    if then.channels != now.channels:
        return f"its channels are {', '.join(then.channels)}, not {', '.join(now.channels)}"
    if then.cap != now.cap:
        return f"its label cap is {then.cap:g}, not {now.cap:g}"
    if card["training"]["folds"] != config.folds:
        return f"its units have {card['training']['folds']} folds, not {config.folds}"
    if moved := sorted(unit for unit in taught_by(card) if roles.get(unit) == splits.TEST):
        return f"units {', '.join(moved)} taught it, and now they test"
    if card["approach"] in FOR_MANY_UNITS:
        return f"the networks of its approach, {card['approach']}, read whole histories"
    last = MEMBER_FILE.format(len(card["member_folds"]) - 1)
    if last not in champion.artifact.files:
        return f"its approach, {card['approach']}, trained no network for each fold"
    return None


def taught_by(card: Mapping[str, Any]) -> set[str]:
    """The units that a model learned from."""
    return {unit for units in card["units"].values() for unit in units}


def start_of(
    config: FinetunedModelConfig, champion: Files | None, stored: Files
) -> tuple[Files | None, str | None]:
    """The champion, where its networks are asked for and fit; else why not, where it was asked for."""
    if config.start is StartName.pretrained:
        return None, None
    if champion is None:
        return None, "this plant has no model in charge"
    misfit = misfit_of(config, champion, stored) or _leak_of(champion, stored)
    return (champion, None) if misfit is None else (None, misfit)


def _leak_of(champion: Files, stored: Files) -> str | None:
    """Why networks may have seen machines that the plant holds out by now, or None."""
    held_out = Plant.model_validate_json(stored.read("plant.json")).transfer.held_out
    try:
        seen = learned_first(champion)
    except MissingArtifactError:
        return "what its networks learned from first is not stored any more"
    if seen is None and held_out:
        held = ", ".join(held_out)
        return f"what its networks have seen first is not known, and this plant holds out {held}"
    shared = sorted((seen or set()) & set(held_out))
    if not shared:
        return None
    return f"its networks have seen {', '.join(shared)}, which this plant holds out since"
