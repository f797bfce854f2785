"""Train a version again from what it was made from, and compare every byte.

It happens in a home of its own, which is thrown away: what it reads is registered there as current, by
the hashes that the lineage of the version names. What is deployed is not touched.

Belongs here: that home, the run and the comparison. Does not belong here: whether the inputs are still
what they were (``operation.audit.verify``).
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rul_platform.core.parents import IMPORTED
from rul_platform.errors import NotReproducibleError
from rul_platform.operation import parents
from rul_platform.orchestration.code_versions import LEARNING_CODE
from rul_platform.orchestration.imported_checkpoints import CHECKPOINT_FILE
from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.provenance import environment
from rul_platform.storage.artifacts import Artifact
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input, Materialization
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.retrains import SYSTEM

ASSET = "finetuned_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """What came of training a version again.

    Attributes:
        sha256: Of the version.
        again: Of what was made now.
        differing: Names of files whose bytes differ, or that only one of the two has.
        conditions: Recorded condition to what it was and what it is now, where they differ.
    """

    sha256: str
    again: str
    differing: tuple[str, ...]
    conditions: dict[str, tuple[Any, Any]]

    @property
    def is_identical(self) -> bool:
        """Whether every byte is the same."""
        return self.sha256 == self.again


def conditions(made: Materialization) -> dict[str, tuple[Any, Any]]:
    """What was recorded of code and environment, and is not so here: condition to then and now."""
    then, now = made.environment, environment()
    names = sorted((then.keys() | now.keys()) - {"cuda_device"})
    found = {
        name: (then.get(name), now.get(name)) for name in names if then.get(name) != now.get(name)
    }
    if made.code_version != LEARNING_CODE:
        found["code of learning"] = (made.code_version, LEARNING_CODE)
    return found


def reproduce(home: Home, version: ModelVersion) -> Reproduction:
    """Train a version again and compare.

    Args:
        home: Where it is recorded. Nothing is written there.
        version: Which one.

    Raises:
        NotReproducibleError: Nothing recorded says how it was made, it is a recalibration, or an input
            is gone.
        StoreError: The bytes of an input changed.
        RulPlatformError: What the training refuses here.
    """
    made = _made(home, version)
    with tempfile.TemporaryDirectory(prefix="rul_again_") as folder:
        apart = replace(home.settings, home=Path(folder), database_url=None, keys=None, store=None)
        again = Home(replace(apart, is_signer=False))  # what is tried is signed by nobody
        again.progress = home.progress
        try:
            _furnish(home, again, made)
            with open_instance(again) as instance:
                stage = Stage((ASSET,), version.plant, {ASSET: made.parameters})
                Pipeline(again, instance).run(stage)
            built = again.lineage.current(ASSET, version.plant)
            assert built is not None  # noqa: S101  the run would have raised
            artifact = again.store.artifact(built.sha256)
        finally:
            again.engine.dispose()
    return Reproduction(
        sha256=version.sha256,
        again=artifact.sha256,
        differing=_differing(home.store.artifact(version.sha256), artifact),
        conditions=conditions(made),
    )


def _made(home: Home, version: ModelVersion) -> Materialization:
    """The materialisation that made a version the first time."""
    found = home.lineage.by_sha256(version.sha256)
    made = next((each for each in found if each.partition == version.plant), None)
    name = f"{version.plant} version {version.number}"
    if made is None:
        raise NotReproducibleError(name, "no training is recorded that made it")
    if any(each.asset == "outcomes" for each in made.inputs):
        former = next(each.sha256 for each in made.inputs if each.asset == ASSET)
        before = next(v for v in home.registry.versions(version.plant) if v.sha256 == former)
        why = (
            f"it is version {before.number} with an interval that outcomes calibrated: no training"
        )
        raise NotReproducibleError(name, f"{why}. Reproduce version {before.number}")
    if made.asset != ASSET:
        raise NotReproducibleError(name, f"{made.asset} made it, not a training")
    return made


def _furnish(home: Home, again: Home, made: Materialization) -> None:
    """Give the new home what the training read, as current there."""
    for read in made.inputs:
        if read.asset == IMPORTED:
            _start_from(home, again, read)
            continue
        _copy(home, again, read, made)
        if read.asset == ASSET:  # the model in charge then
            number = again.registry.register(read.partition, read.sha256, now=again.now()).number
            again.registry.deploy(
                read.partition, number, expected_champion=None, evidence={}, now=again.now()
            )


def _start_from(home: Home, again: Home, read: Input) -> None:
    """An imported checkpoint, as the one that plants start from."""
    artifact = _copied(home, again, read.sha256)
    now, name = again.now(), "again"
    again.parents.register(
        name,
        architecture=read.partition,
        sha256=read.sha256,
        file_sha256=artifact.files[CHECKPOINT_FILE].sha256,
        seen=None,
        actor=SYSTEM,
        now=now,
    )
    parents.select(again, read.partition, name, actor=SYSTEM, expected=None, now=now)


def _copied(home: Home, again: Home, sha256: str) -> Artifact:
    artifact = home.store.artifact(sha256)
    again.store.write({name: home.store.path(artifact, name) for name in artifact.files})
    return artifact


def _copy(home: Home, again: Home, read: Input, made: Materialization) -> None:
    _copied(home, again, read.sha256)
    before = [each for each in home.lineage.by_sha256(read.sha256) if each.id < made.id]
    origin = before[-1] if before else made
    again.lineage.record(
        asset=read.asset,
        partition=read.partition,
        sha256=read.sha256,
        run_id=origin.run_id,
        code_version=origin.code_version,
        parameters=origin.parameters,
        environment=origin.environment,
        inputs=origin.inputs if before else (),
        now=origin.created_at,
    )


def _differing(one: Artifact, other: Artifact) -> tuple[str, ...]:
    names = sorted(one.files.keys() | other.files.keys())
    return tuple(name for name in names if one.files.get(name) != other.files.get(name))
