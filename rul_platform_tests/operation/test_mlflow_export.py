"""MLflow follows deployments: a real server, and what it was told.

Its start costs a core many seconds, so what needs the server is long.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
import requests
from click.testing import CliRunner
from filelock import FileLock

from rul_platform.cli.main import rul
from rul_platform.errors import MlflowError
from rul_platform.operation.deploying import rollback
from rul_platform.operation.mlflow_export.export import LOCK, Exported, export
from rul_platform.operation.mlflow_export.facts import facts, model_files
from rul_platform.operation.mlflow_export.mark import MARK, Mark, Told, read_mark, write_mark
from rul_platform.operation.mlflow_export.server import MlflowServer
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input
from rul_platform_tests.operation.mlflow_server import mlflow_server
from rul_platform_tests.operation.served import NOW, PRESS, add_version, serve
from rul_platform_tests.service.processes import free_port

if TYPE_CHECKING:
    from mlflow import MlflowClient

ACTOR, REASON = "c" * 64, "Frank said so"
MODELS = "/api/2.0/mlflow/registered-models/search"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all of them: each test has names of its own there."""
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as found:
        yield found


@pytest.fixture
def client(url: str) -> "MlflowClient":
    MlflowServer(url)  # as ours, so that it tells its makers nothing
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=url, registry_uri=url)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A plant with version 1 in charge."""
    prefix = f"{tmp_path.name}_"
    found = Home(Settings.read({"RUL_HOME": str(tmp_path), "RUL_MLFLOW_PREFIX": prefix}))
    serve(found)
    yield found
    found.engine.dispose()


def name_of(home: Home) -> str:
    return f"{home.settings.mlflow_prefix}{PRESS}"


def deploy(home: Home, number: int, over: int) -> None:
    evidence = {"kind": "approval", "actor": ACTOR, "reason": REASON}
    home.registry.deploy(PRESS, number, expected_champion=over, evidence=evidence, now=NOW)


def judged(home: Home, number: int, rmse: float) -> None:
    version = home.registry.version(PRESS, number)
    evidence = {"candidate_rmse": rmse, "champion_rmse": None, "units": 40, "life_unit": "hours"}
    home.gates.record(
        plant=PRESS,
        number=number,
        sha256=version.sha256,
        verdict="PROMOTE",
        record={"evidence": evidence, "reasons": [REASON]},
        report="d" * 64,
        retrain_id=None,
        now=NOW,
    )


def there(client: "MlflowClient", home: Home) -> dict[str, Any]:
    """Everything of a plant, as the server tells it."""
    name = name_of(home)
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    return {
        "runs": [run.to_dictionary() for run in client.search_runs([experiment.experiment_id])],
        "versions": [dict(each) for each in client.search_model_versions(f"name='{name}'")],
        "aliases": dict(client.get_registered_model(name).aliases),
    }


@pytest.mark.long
def test_a_version_becomes_a_run_and_a_model_that_loads(
    home: Home, url: str, client: "MlflowClient", tmp_path: Path
):
    judged(home, 1, rmse=7.5)

    assert export(home, url) == Exported(runs=1, versions=1, aliases=1)

    told, version = there(client, home), home.registry.version(PRESS, 1)
    (run,) = told["runs"]
    assert run["data"]["metrics"] == {"rmse": 7.5, "test_units": 40.0}
    assert run["data"]["params"] == {
        "model.architecture": "gru",
        "model.window": "8",
        "model.label_cap": "50.0",
        "model.life_unit": "hours",
    }
    tags = run["data"]["tags"]
    assert tags["rul.sha256"] == version.sha256
    assert (tags["rul.verdict"], tags["rul.report"]) == ("PROMOTE", "d" * 64)
    assert run["info"]["status"] == "FINISHED"
    assert told["aliases"] == {"champion": "1"}
    champion = client.get_model_version_by_alias(name_of(home), "champion")
    assert champion.run_id == run["info"]["run_id"]
    folder = client.download_artifacts(champion.run_id, "model", str(tmp_path))
    files = {each.name: each.read_bytes() for each in Path(folder).iterdir()}
    assert files == model_files(home, version)  # no checkpoint, and nothing that runs when read
    session = onnxruntime.InferenceSession(files["model.onnx"])
    (given,) = (each for each in session.get_inputs() if each.name == "x")
    assert session.run(["rul"], {"x": np.zeros((1, 8, given.shape[2]), np.float32)})


@pytest.mark.long
def test_a_second_export_finds_nothing_to_do(home: Home, url: str, client: "MlflowClient"):
    export(home, url)
    before = there(client, home)

    assert export(home, url).is_nothing

    assert there(client, home) == before
    assert read_mark(home).ledger == home.ledger.newest_about_plants()


class Overheard(BaseHTTPRequestHandler):
    """Stands before a server, and keeps what it is asked about."""

    server: "Ear"

    def do_GET(self) -> None:
        """Hand it on."""
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = requests.request(
            self.command, f"{self.server.behind}{self.path}", data=body, timeout=60,
            headers={"Content-Type": self.headers.get("Content-Type", "")},
        )  # fmt: skip
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  the names are Python's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is Python's
        """Say nothing."""


class Ear(ThreadingHTTPServer):
    """A server before another one."""

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Overheard)
        self.behind, self.asked = behind, list[str]()


@contextmanager
def overheard(url: str) -> Iterator[tuple[str, list[str]]]:
    """Another address of the server, and what was asked there."""
    with Ear(url) as ear:
        thread = Thread(target=ear.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{ear.server_port}", ear.asked
        ear.shutdown()
        thread.join()


@pytest.mark.long
def test_plants_without_news_are_asked_about_once_for_all(
    home: Home, url: str, client: "MlflowClient"
):
    serve(home, name="saw")
    with overheard(url) as (address, asked):
        export(home, address)
        asked.clear()

        assert export(home, address).is_nothing
        assert [path.partition("?")[0] for path in asked] == [MODELS]

        client.delete_registered_model_alias(name_of(home), "champion")
        assert export(home, address) == Exported(aliases=1)
        asked.clear()
        judged(home, 1, rmse=6.5)
        assert export(home, address) == Exported(runs=1)
        assert asked[0].startswith(MODELS)
        assert not any("saw" in path for path in asked)


@pytest.mark.long
def test_what_was_changed_by_hand_is_looked_at_where_one_asks_for_all(
    home: Home, url: str, client: "MlflowClient"
):
    export(home, url)
    (run,) = there(client, home)["runs"]
    client.delete_run(run["info"]["run_id"])

    assert typed(home, url) == (0, "Nothing to do: MLflow has all of it.\n")
    code, said = typed(home, url, "--all")

    assert (code, said) == (0, "Runs: 1. Versions registered: 0. Aliases moved: 0.\n")
    assert len(there(client, home)["runs"]) == 1


@pytest.mark.long
def test_where_a_backup_of_the_tables_came_back_all_is_looked_at(
    home: Home, url: str, client: "MlflowClient"
):
    export(home, url)
    write_mark(home, replace(read_mark(home), ledger=home.ledger.newest_about_plants() + 1))
    (run,) = there(client, home)["runs"]
    client.delete_run(run["info"]["run_id"])

    assert export(home, url) == Exported(runs=1)


@pytest.mark.long
def test_another_server_is_told_all_of_it(home: Home, url: str):
    export(home, url)
    home.settings = replace(home.settings, mlflow_prefix=f"other_{home.settings.mlflow_prefix}")

    assert export(home, url) == Exported(runs=1, versions=1, aliases=1)


@pytest.mark.parametrize("text", ["no mark", "[]", '{"ledger": 3, "problems": []}', None])
def test_a_mark_that_cannot_be_read_is_none(home: Home, text: str | None):
    if text is not None:
        (home.folder / MARK).write_text(text, encoding="utf-8")

    assert read_mark(home) == Mark()


def test_a_mark_is_read_as_it_was_written(home: Home):
    told = Told(versions="a" * 64, aliases={"champion": "2"})
    mark = Mark(ledger=3, problems=frozenset("ab"), target="b" * 64, plants={PRESS: told})

    write_mark(home, mark)

    assert read_mark(home) == mark


@pytest.mark.long
def test_aliases_and_states_follow_a_deployment_and_a_rollback(
    home: Home, url: str, client: "MlflowClient"
):
    export(home, url)
    add_version(home, seed=1)
    deploy(home, 2, over=1)
    assert export(home, url) == Exported(runs=1, versions=1, aliases=1)
    assert there(client, home)["aliases"] == {"champion": "2"}

    later = NOW + timedelta(hours=1)
    rollback(home, PRESS, actor=ACTOR, reason=REASON, now=later)
    assert export(home, url) == Exported(aliases=1)

    told = there(client, home)
    assert told["aliases"] == {"champion": "1"}
    states = {each["version"]: each["tags"]["rul.state"] for each in told["versions"]}
    assert {str(number): state for number, state in states.items()} == {
        "1": "champion",
        "2": "rolled_back",
    }
    for person in (ACTOR, REASON):
        assert person not in str(told)


@pytest.mark.long
def test_a_shadow_has_an_alias_while_it_answers_beside(
    home: Home, url: str, client: "MlflowClient"
):
    add_version(home, seed=1)
    home.registry.shadow(PRESS, 2, expected_champion=1, evidence={}, now=NOW)
    export(home, url)
    assert there(client, home)["aliases"] == {"champion": "1", "shadow": "2"}

    deploy(home, 2, over=1)
    export(home, url)
    assert there(client, home)["aliases"] == {"champion": "2"}


@pytest.mark.long
def test_a_later_answer_of_the_gate_is_told(home: Home, url: str, client: "MlflowClient"):
    judged(home, 1, rmse=7.5)
    export(home, url)
    judged(home, 1, rmse=6.5)

    assert export(home, url) == Exported(runs=1)

    (run,) = there(client, home)["runs"]
    assert run["data"]["metrics"]["rmse"] == 6.5


@pytest.mark.long
@pytest.mark.parametrize("killed", ["after the run began", "after it was filled", "at the alias"])
def test_after_a_kill_it_goes_on_where_it_was(
    home: Home, url: str, client: "MlflowClient", killed: str
):
    server, name, version = MlflowServer(url), name_of(home), home.registry.version(PRESS, 1)
    told = facts(home, version)
    run = server.begin_run(server.experiment(name), "half", told)
    if killed != "after the run began":
        server.fill_run(run, told, model_files(home, version))
    if killed == "at the alias":
        server.model(name, PRESS)
        server.register(name, run, {**told.tags, "rul.state": version.state})

    done = export(home, url)

    assert not done.problems
    found = there(client, home)
    assert [len(found["runs"]), len(found["versions"])] == [1, 1]
    assert found["runs"][0]["info"]["status"] == "FINISHED"
    assert found["aliases"] == {"champion": "1"}
    assert export(home, url).is_nothing


@pytest.mark.long
def test_a_version_without_its_files_is_told_and_holds_up_no_other(home: Home, url: str):
    second = add_version(home, seed=1)
    home.store.path(home.store.artifact(second.sha256), "model.onnx").unlink()

    done = export(home, url)

    assert (done.versions, done.aliases) == (1, 1)
    (problem,) = done.problems
    assert problem.startswith("press version 2: ")
    assert read_mark(home).problems == {problem}
    assert export(home, url).problems == [problem]


@pytest.mark.long
def test_a_version_whose_files_were_removed_is_a_run_alone(
    home: Home, url: str, client: "MlflowClient"
):
    add_version(home, seed=1)
    deploy(home, 2, over=1)
    home.registry.mark_cleaned(PRESS, 1, now=NOW)
    home.store.remove(home.registry.version(PRESS, 1).sha256)

    assert export(home, url) == Exported(runs=2, versions=1, aliases=1)

    champion = client.get_model_version_by_alias(name_of(home), "champion")
    assert champion.tags["rul.version"] == "2"


@pytest.mark.long
def test_what_others_made_there_is_left_alone(home: Home, url: str, client: "MlflowClient"):
    client.create_registered_model(name_of(home))

    serve(home, name="saw")

    done = export(home, url)

    assert (done.runs, done.versions, done.aliases) == (1, 1, 1)
    (problem,) = done.problems
    assert problem.startswith("press: ")
    assert "is of somebody else; set RUL_MLFLOW_PREFIX" in problem
    assert client.get_experiment_by_name(f"{home.settings.mlflow_prefix}saw")


@pytest.mark.long
def test_a_plant_whose_experiment_was_deleted_there_holds_up_no_other(
    home: Home, url: str, client: "MlflowClient"
):
    client.delete_experiment(client.create_experiment(name_of(home)))
    serve(home, name="saw")

    done = export(home, url)

    assert done.versions == 1
    assert "was deleted there" in done.problems[0]
    assert read_mark(home).problems == set(done.problems)
    assert read_mark(home).plants.keys() == {"saw"}


@pytest.mark.long
def test_a_name_that_mlflow_does_not_take_holds_up_no_other(home: Home, url: str):
    add_version(home, seed=1, name="saw")
    home.lineage.record(
        asset="finetuned_model",
        partition=PRESS,
        sha256=home.registry.version(PRESS, 1).sha256,
        run_id="r",
        code_version="c",
        parameters={"a?b": 1},
        environment={},
        inputs=(),
        now=NOW,
    )

    done = export(home, url)

    assert done.versions == 1
    assert done.problems[0].startswith("press: ")


@pytest.mark.long
def test_two_installations_under_one_name_are_told_apart(home: Home, url: str, tmp_path: Path):
    export(home, url)
    environ = {"RUL_HOME": str(tmp_path / "b"), "RUL_MLFLOW_PREFIX": home.settings.mlflow_prefix}
    other = Home(Settings.read(environ))
    add_version(other, seed=1)

    (problem,) = export(other, url).problems

    assert "another model as version 1 of press" in problem
    other.engine.dispose()


def test_several_inputs_of_one_asset_are_all_told(home: Home):
    version = home.registry.version(PRESS, 1)
    home.lineage.record(
        asset="finetuned_model",
        partition=PRESS,
        sha256=version.sha256,
        run_id="r",
        code_version="c",
        parameters={},
        environment={},
        inputs=[Input("windows", part, part * 64) for part in "ab"],
        now=NOW,
    )

    tags = facts(home, version).tags

    assert (tags["rul.input.0.windows"], tags["rul.input.1.windows"]) == ("a" * 64, "b" * 64)


def test_one_export_at_a_time(home: Home):
    with (
        FileLock(home.folder / LOCK),
        pytest.raises(MlflowError, match="another export of this home is at work"),
    ):
        export(home, f"http://127.0.0.1:{free_port()}")


def typed(home: Home, uri: str, *options: str) -> tuple[int, str]:
    environ = {
        "RUL_HOME": str(home.folder),
        "RUL_MLFLOW_URI": uri,
        "RUL_MLFLOW_PREFIX": home.settings.mlflow_prefix,
    }
    done = CliRunner().invoke(rul, ["mlflow", "sync", *options], env=environ)
    return done.exit_code, done.output or str(done.exception)


@pytest.mark.long
def test_the_command_says_what_it_did(home: Home, url: str):
    assert typed(home, url) == (0, "Runs: 1. Versions registered: 1. Aliases moved: 1.\n")
    assert typed(home, url) == (0, "Nothing to do: MLflow has all of it.\n")


def test_a_server_that_is_away_is_told_without_its_address(home: Home):
    code, said = typed(home, f"http://rul:secret@127.0.0.1:{free_port()}")

    assert code == 1
    assert (
        "not brought up to date: no answer that can be used (MlflowException, INTERNAL_ERROR)"
        in said
    )
    assert "secret" not in said
    assert "127.0.0.1" not in said


class Doorkeeper(BaseHTTPRequestHandler):
    """Stands before a server, and lets nobody in; not in JSON."""

    status = 401

    def do_GET(self) -> None:
        """Answer nothing but the status."""
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is Python's
        """Say nothing."""


class DoorkeeperOfOne(Doorkeeper):
    """Everybody may come in, and not see this."""

    status = 403


@contextmanager
def before(door: type[Doorkeeper]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), door) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://rul:secret@127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_wrong_password_is_told_apart_from_a_server_that_is_away(home: Home):
    with before(Doorkeeper) as url, pytest.raises(MlflowError, match="UNAUTHENTICATED") as told:
        export(home, url)

    assert "secret" not in str(told.value)
    assert read_mark(home) == Mark()


def test_what_one_may_not_see_is_left_behind(home: Home):
    serve(home, name="saw")

    with before(DoorkeeperOfOne) as url:
        problems = export(home, url).problems

    assert [each.partition(":")[0] for each in problems] == ["press", "saw"]
    assert all("PERMISSION_DENIED" in each for each in problems)


@pytest.mark.long
def test_parameters_that_changed_since_are_told(home: Home, url: str):
    server, told = MlflowServer(url), facts(home, home.registry.version(PRESS, 1))
    run = server.begin_run(server.experiment(name_of(home)), "other", told)
    server.fill_run(run, replace(told, params={"model.window": "9"}), {})

    assert "other ones now: model.window" in export(home, url).problems[0]


def test_without_a_server_the_command_says_what_is_missing(home: Home):
    code, said = typed(home, "")

    assert code == 1
    assert "RUL_MLFLOW_URI" in said
