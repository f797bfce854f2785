"""What `rul retrain run` does: the sensors' work once, in this process, or a try on a copy.

Belongs here: the order of the steps. Does not belong here: the decision (``operation.triggering``), the
run (``orchestration.retraining``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.console import progress_bar
from rul_platform.cli.options import TRAINING, actor
from rul_platform.cli.stages import Work, opened
from rul_platform.errors import GateRefusedError, RetrainFailedError, RetrainStateError
from rul_platform.operation import guarding, triggering
from rul_platform.operation.deploying import settle_shadow
from rul_platform.operation.known_plants import require_plant
from rul_platform.operation.metrics import history_rows
from rul_platform.operation.tidying import clean_up
from rul_platform.orchestration.assets.deployed_model import way_to_approve
from rul_platform.orchestration.reconciling import LOST_AFTER, running_since, settle
from rul_platform.orchestration.retraining import dry_run, run_retrain
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.gates import Gate
    from rul_platform.storage.home import Home
    from rul_platform.storage.retrains import Retrain


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of it.

    Attributes:
        plant: Which plant.
        text: For people.
        retrain: The retrain that was run, or that is being run elsewhere; None where there was none.
        row: The same as ``rul retrain history --json`` tells it.
        gate: What the gate said of the new model, None where it was not asked.
        is_try: Whether it was a try on a copy.
    """

    plant: str
    text: str
    retrain: "Retrain | None" = None
    row: dict[str, Any] | None = None
    gate: "Gate | None" = None
    is_try: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "plant": self.plant,
            "is_dry_run": self.is_try,
            "retrain": self.row,
            "version": self.gate.number if self.gate else None,
            "verdict": self.gate.verdict if self.gate else None,
            "reasons": reasons(self.gate) if self.gate else [],
            "text": self.text,
        }

    def raise_for_refusal(self) -> None:
        """Let the command end with an error where the new model was refused or the retrain failed.

        Raises:
            GateRefusedError: The gate said no; a try is none, its answer is what was asked for.
            RetrainFailedError: The retrain ended without a verdict.
        """
        if self.retrain is None:
            return
        if self.retrain.state == "rejected" and self.gate is not None:
            raise GateRefusedError(self.plant, self.gate.number, reasons(self.gate))
        if self.retrain.state in ("rejected", "failed", "cancelled"):
            raise RetrainFailedError(
                self.retrain.id, state=self.retrain.state, problem=self.retrain.error
            )


def tried(home: "Home", plant: str, flags: dict[str, object]) -> Done:
    """What the gate would say of a retrain now, found out on a throwaway copy."""
    _refuse_other_training(home, plant, flags)
    with progress_bar(f"Trying a retrain of {plant} on a copy") as home.progress:
        gate = dry_run(home, plant, flags)
    home.progress = None
    said = f"{gate.verdict} ({'; '.join(reasons(gate))})"
    text = f"The gate would say {said}. Nothing was written, and nothing is deployed."
    return Done(plant=plant, text=text, gate=gate, is_try=True)


def done_once(
    settings: Settings, plant: str, flags: dict[str, object], *, by: str | None, reason: str | None
) -> Done:
    """Ask for a retrain if the conditions hold, or because a person says so; run what is asked for.

    Args:
        settings: Where.
        plant: Which plant.
        flags: Retraining settings of the command line.
        by: Who, where the retrain is forced.
        reason: Why it is forced; None where the conditions decide.
    """
    with opened(settings) as work:
        require_plant(work.home, plant)
        current = work.home.retrains.current(plant)
        if current is not None:
            settle(work.home, work.instance, current.id, work.home.now())
        if reason is None:
            _refuse_other_training(work.home, plant, flags)
            _look_after(work.home, plant)
            told = _ask(work, plant, flags)
        else:
            told = _force(work.home, plant, flags, by=by, reason=reason)
        waiting = work.home.retrains.current(plant)
        if waiting is None:
            return Done(plant=plant, text=f"Nothing to do for {plant}: {told}.")
        since = running_since(work.instance, waiting)
        if since is not None:
            row = _told(work.home, waiting)
            text = _running(waiting, since)
            return Done(plant=plant, text=text, retrain=waiting, row=row)
        return _run(work, waiting, flags)


def _look_after(home: "Home", plant: str) -> None:
    """What the guard does: a champion that does harm goes back, a shadow gets its verdict."""
    before, now = home.registry.champion(plant), home.now()
    if guarding.guard(home, plant, now) is None:
        settle_shadow(home, plant, now)
    after = home.registry.champion(plant)
    if after is not None and before is not None and after.number != before.number:
        why = home.registry.deployments(plant)[-1]
        click.echo(
            f"Version {after.number} is in charge of {plant} now, in the place of version "
            f"{before.number} ({why.kind}): {why.evidence.get('reason', 'see rul models')}.",
            err=True,
        )


def _ask(work: Work, plant: str, flags: dict[str, object]) -> str:
    """As the sensors do; gives why nothing was asked for, where that is so."""
    home, now = work.home, work.home.now()
    home.feedback.roll_up()
    asked = triggering.evaluate(home, plant, now, flags) or triggering.evaluate_outcomes(
        home, plant, now, flags
    )
    if asked is not None:
        return ""
    verdict = triggering.check(home, plant, now, flags).verdict
    return "; ".join((*verdict.blocks, *verdict.reasons))


def _force(
    home: "Home", plant: str, flags: dict[str, object], *, by: str | None, reason: str
) -> str:
    now = home.now()
    who = actor(home, by, now)
    triggering.force(home, plant, actor=who, reason=reason, flags=flags, now=now)
    if home.freezes.current(plant) is not None:
        click.echo(
            f"{plant} is frozen: nothing will be deployed. What the gate lets through is held; after "
            f"`rul freeze {plant} --lift`, `rul approve` puts it in charge.",
            err=True,
        )
    return ""


def _refuse_other_training(home: "Home", plant: str, flags: dict[str, object]) -> None:
    """An open retrain keeps the settings it was asked for with; others are not dropped in silence.

    Raises:
        RetrainStateError: The plant's open retrain trains otherwise than ``flags`` say.
    """
    waiting = home.retrains.current(plant)
    if waiting is None:
        return
    wanted = home.configured(plant, flags).settings()
    kept = home.snapshots.get(waiting.snapshot)
    for name in TRAINING:
        if name in flags and wanted[name] != kept.get(name):
            option = f"--{name.replace('_', '-')}"
            raise RetrainStateError(
                waiting.id,
                found=f"open, with {name} = {kept.get(name)}",
                expected=f"over before {option} {wanted[name]} can count: leave that out to go on with "
                f"retrain {waiting.id}, or `rul retrain cancel {waiting.id}`",
            )


def _running(waiting: "Retrain", since: datetime) -> str:
    """A run that is said to be alive, and what to do where it is not."""
    return (
        f"Retrain {waiting.id} of {waiting.plant} is being run by Dagster's daemon, since "
        f"{since:%Y-%m-%d %H:%M} UTC; nothing was started. If the daemon is gone, this command takes it "
        f"up after {since + LOST_AFTER:%Y-%m-%d %H:%M} UTC, and `rul retrain cancel {waiting.id}` gives "
        f"it up now."
    )


def _run(work: Work, waiting: "Retrain", flags: dict[str, object]) -> Done:
    home, plant = work.home, waiting.plant
    with progress_bar(f"Retrain {waiting.id} of {plant}") as home.progress:
        retrain = run_retrain(home, work.instance, waiting.id)
    home.progress = None
    gate = next(
        (g for g in reversed(home.gates.history(plant)) if g.retrain_id == retrain.id), None
    )
    text = f"Retrain {retrain.id} of {plant}: {retrain.state}."
    if gate is not None:
        text += f" The gate said {gate.verdict} ({'; '.join(reasons(gate))})."
        if retrain.state == "held":
            text += f" To let it through: {way_to_approve(home, plant, gate.number)}"
    champion = home.registry.champion(plant)
    if home.configured(plant, flags).policy.cleanup:
        gone = clean_up(home, plant, home.now())
        text += f"\nFiles of versions removed: {', '.join(map(str, gone)) or 'none'}."
    text += f"\nIn charge of {plant}: {f'version {champion.number}' if champion else 'no model'}."
    row = _told(home, retrain)
    return Done(plant=plant, text=text, retrain=retrain, row=row, gate=gate)


def _told(home: "Home", retrain: "Retrain") -> dict[str, Any]:
    return next(row for row in history_rows(home, retrain.plant) if row["id"] == retrain.id)


def reasons(gate: "Gate") -> list[str]:
    """Why the gate said so."""
    return [str(reason) for reason in gate.record.get("reasons", [])]
