"""A plant's model that starts from a checkpoint of others, from its file to the audit of the model."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rul_platform.core.plant import Plant
from rul_platform.errors import CheckFailedError, LeakError
from rul_platform.operation import deploying, parents
from rul_platform.operation.audit.verify import BROKEN, HOLDS, verify
from rul_platform.orchestration.finetuning_config import (
    ArchitectureName,
    FinetunedModelConfig,
    StartName,
)
from rul_platform.orchestration.imported_checkpoints import import_checkpoint
from rul_platform.orchestration.lessons import learned_first, refuse_leak, start_of
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.reproducing import reproduce
from rul_platform.orchestration.step import Files, current
from rul_platform.orchestration.stored_windows import preparation_of
from rul_platform.orchestration.studies import StudyConfig, known_of_plant
from rul_platform.storage.copies import throwaway_copy
from rul_platform.storage.home import Home
from rul_platform_tests.checkpoints import checkpoint_file
from rul_platform_tests.orchestration.at_work import told
from rul_platform_tests.orchestration.conftest import (
    BRIEFLY,
    PUMP_DATA,
    PUMPS,
    TUNING,
    Works,
    works_in,
)
from rul_platform_tests.storage.rows import execute

ANN = "a" * 64
NAME = "models/pretrained/gru.pt"
SHORT = Stage(
    ("finetuned_model",), PUMPS, {"finetuned_model": {**BRIEFLY, "steps": 6, "scratch_steps": 6}}
)


def bring(home: Home, folder: Path, name: str = NAME, *seen: str) -> str:
    """Import a network with a pump's channels; gives its sha256."""
    channels = preparation_of(current(home, "plant_windows", PUMPS)).channels
    file = checkpoint_file(folder, architecture="gru", channels=channels)
    return import_checkpoint(home, file, name, seen=seen, actor=ANN, now=home.now()).sha256


def select(home: Home, wanted: str = NAME) -> None:
    before = parents.selected(home, "gru")
    expected = before.sha256 if before else None
    parents.select(home, "gru", wanted, actor=ANN, expected=expected, now=home.now())


def hold_out(works: Works) -> Plant:
    """As if the pumps were simulated turbofans."""
    path = works.home.plant_file(PUMPS)
    path.write_text(
        path.read_text().replace("[split]", '[transfer]\nheld_out = ["SIM"]\n\n[split]')
    )
    works.run(PUMP_DATA)
    stored = current(works.home, "plant_windows", PUMPS)
    return Plant.model_validate_json(stored.read("plant.json"))


def files_of(home: Home, sha256: str) -> Files:
    return Files(home.store, home.store.artifact(sha256))


def serve_from_import(works: Works, folder: Path) -> str:
    """Train from an imported checkpoint and put the model in charge; gives the checkpoint's sha256."""
    home = works.home
    given = bring(home, folder)
    select(home)
    works.run(SHORT)
    with suppress(CheckFailedError):  # the gate may say no; it was asked
        works.run(Stage(("evaluation_report",), PUMPS))
    number = home.registry.versions(PUMPS)[-1].number
    deploying.approve(home, PUMPS, number, actor=ANN, reason="a test", now=home.now(), force=True)
    return given


@pytest.fixture(scope="module")
def serving_home(finished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose champion started from an imported checkpoint; nobody may change it."""
    folder = tmp_path_factory.mktemp("serving")
    shutil.copytree(finished_home, folder / "home")
    with works_in(folder / "home") as works:
        serve_from_import(works, folder)
    return folder / "home"


@pytest.fixture
def serving(serving_home: Path, tmp_path: Path) -> Iterator[Works]:
    """A copy of it, to do with as one likes."""
    with works_in(Path(shutil.copytree(serving_home, tmp_path / "home"))) as works:
        yield works


@pytest.mark.long
def test_the_whole_way_from_a_file_to_an_audited_model_in_charge(serving: Works):
    home = serving.home
    (given,) = (each.sha256 for each in home.parents.imported())
    card = json.loads(current(home, "finetuned_model", PUMPS).read("card.json"))
    assert (card["parent"], card["parent_origin"]) == (given, "imported_checkpoint")
    assert card["remarks"]["not_replayed"].startswith("it was imported")
    made = home.lineage.current("finetuned_model", PUMPS)
    assert made is not None
    read = {(each.asset, each.partition, each.sha256) for each in made.inputs}
    assert ("imported_checkpoint", "gru", given) in read
    shown = told(serving, "finetuned_model")["started_from"]
    assert shown == f"imported_checkpoint {given[:12]} ({NAME})"
    report = current(home, "evaluation_report", PUMPS).read("report.html").decode()
    assert "imported checkpoint" in report
    assert "on which machines it was pretrained is not known" in report

    found = verify(home)
    assert [each.sentence for each in found.problems] == []
    assert found.exit_code == HOLDS
    assert (found.looked_at["imported_checkpoints"], found.looked_at["selected_parents"]) == (1, 1)
    champion = home.registry.champion(PUMPS)
    assert champion is not None
    again = reproduce(home, champion)
    assert (again.differing, again.is_identical) == ((), True)


def damage_file(home: Home) -> None:
    (each,) = home.parents.imported()
    path = home.store.path(home.store.artifact(each.sha256), "checkpoint.pt")
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])


def sql(table: str, operation: str, *statements: str) -> Callable[[Home], None]:
    """Statements past the trigger that would refuse them."""
    return lambda home: execute(home.engine, f"DROP TRIGGER {table}_{operation}", *statements)


DAMAGES: dict[str, tuple[Callable[[Home], None], str]] = {
    "file": (damage_file, "checkpoint.pt"),
    "import taken away": (
        sql("imported_checkpoint", "delete", "DELETE FROM imported_checkpoint"),
        "and the table does not",
    ),
    "another name": (
        sql("imported_checkpoint", "update", "UPDATE imported_checkpoint SET name = 'other'"),
        "the ledger does not say what the table says",
    ),
    "another file": (
        sql("imported_checkpoint", "update", "UPDATE imported_checkpoint SET file_sha256 = sha256"),
        "does not hold the file",
    ),
    "selection taken away": (
        sql("selected_parent", "delete", "DELETE FROM selected_parent"),
        "and the table does not",
    ),
    "another selection": (
        sql("selected_parent", "update", f"UPDATE selected_parent SET sha256 = '{'e' * 64}'"),  # noqa: S608  all ours
        "was selected, and is registered nowhere",
    ),
    "another checkpoint in the lineage": (
        sql(
            "materialization_input", "update",
            f"UPDATE materialization_input SET sha256 = '{'e' * 64}' "  # noqa: S608  all ours
            "WHERE asset = 'imported_checkpoint'",
        ),
        "no row of the ledger says who imported checkpoint eeeeeeeeeeee",
    ),
    "no checkpoint in the lineage": (
        sql(
            "materialization_input", "delete",
            "DELETE FROM materialization_input WHERE asset = 'imported_checkpoint'",
        ),
        "was signed, and lineage names it no more",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGES)
def test_whatever_is_changed_behind_its_back_is_found(serving: Works, kind: str):
    damage, message = DAMAGES[kind]
    damage(serving.home)
    found = verify(serving.home)
    assert found.exit_code == BROKEN
    assert any(message in each.sentence for each in found.problems), found.problems


def test_another_selection_makes_a_model_that_is_to_be_made_again(finished: Works, tmp_path: Path):
    assert finished.pipeline.is_current(TUNING)
    bring(finished.home, tmp_path)
    assert finished.pipeline.is_current(TUNING)
    select(finished.home)
    assert not finished.pipeline.is_current(TUNING)
    select(finished.home, "pretrained")
    assert finished.pipeline.is_current(TUNING)


def test_a_dry_run_starts_from_what_is_selected(finished: Works, tmp_path: Path):
    given = bring(finished.home, tmp_path)
    select(finished.home)
    with throwaway_copy(finished.home, PUMPS, tmp_path / "copy") as copy:
        parent = parents.parent_of(copy, "gru")
        assert parent is not None
        assert (parent.sha256, parent.names) == (given, (NAME,))
        assert parents.known(copy) == parents.known(finished.home)


def test_a_plant_that_holds_machines_out_asks_what_a_checkpoint_has_seen(
    finished: Works, tmp_path: Path
):
    home, plant = finished.home, hold_out(finished)
    unknown = bring(home, tmp_path)
    select(home)
    with pytest.raises(
        LeakError, match="has seen is not known, and plant simulated_pumps holds out"
    ):
        finished.run(SHORT)
    for name, seen in {"a": ("SIM", "FD001"), "b": ("FD001",), "c": ("nothing-of-these",)}.items():
        parent = files_of(home, bring(home, tmp_path, name, *seen))
        if "SIM" in seen:
            with pytest.raises(LeakError, match="was pretrained on SIM, which plant"):
                refuse_leak(plant, parent)
        else:
            refuse_leak(plant, parent)
    assert json.loads(files_of(home, unknown).read("card.json"))["subsets"] is None


def test_a_champion_of_whose_start_nothing_is_known_is_not_gone_on_with_there(
    finished: Works, tmp_path: Path
):
    home = finished.home
    champion = current(home, "finetuned_model", PUMPS)
    card: dict[str, Any] = json.loads(champion.read("card.json"))
    card |= {"parent": bring(home, tmp_path), "parent_origin": "imported_checkpoint"}
    files = {name: champion.read(name) for name in champion.artifact.files}
    other = Files(home.store, home.store.write(files | {"card.json": json.dumps(card).encode()}))
    config = FinetunedModelConfig(
        architecture=ArchitectureName.gru, folds=2, start=StartName.champion
    )
    assert learned_first(other) is None
    assert start_of(config, other, current(home, "plant_windows", PUMPS)) == (other, None)
    hold_out(finished)
    why = "what its networks have seen first is not known, and this plant holds out SIM"
    assert start_of(config, other, current(home, "plant_windows", PUMPS)) == (None, why)


class Reads:
    """What of a step a search needs: reading, with a record of it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.recorded: list[tuple[str, str]] = []

    def read(self, asset: str, partition: str) -> Files:
        """The current one."""
        files = current(self._home, asset, partition)
        self.recorded.append((asset, files.sha256))
        return files

    def read_exactly(self, asset: str, _: str, sha256: str) -> Files:
        """By its hash."""
        self.recorded.append((asset, sha256))
        return files_of(self._home, sha256)


def test_a_search_for_a_plant_goes_on_from_the_same_checkpoint(finished: Works, tmp_path: Path):
    home, config = finished.home, StudyConfig(architecture=ArchitectureName.gru)
    given = bring(home, tmp_path)
    select(home)
    step: Any = Reads(home)
    known = known_of_plant(step, home, PUMPS, config)
    assert known.checkpoint is not None
    assert known.checkpoint.sha256 == given
    assert ("imported_checkpoint", given) in step.recorded
    hold_out(finished)
    step = Reads(home)
    assert known_of_plant(step, home, PUMPS, config).checkpoint is None
    assert [asset for asset, _ in step.recorded] == ["plant_windows"]
