"""An MLflow server, as far as the export needs it.

Everything that MLflow raises becomes an ``MlflowError``, which names neither the address nor a password:
an ``MlflowRefusedError`` where it is about one thing, and others may be asked for.

Belongs here: calls, each of which may be repeated. Does not belong here: what to tell (``export``).
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rul_platform.errors import MissingExtraError, MlflowError, MlflowRefusedError
from rul_platform.operation.mlflow_export.facts import Facts

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion as Registered

FOLDER = "model"
"""Of a run's artifacts."""

PLANT, VERSION, SHA256 = "rul.plant", "rul.version", "rul.sha256"
FACTS, STATE = "rul.facts", "rul.state"
FINISHED = "FINISHED"

MOST_PARAMS = 100
"""In one call; MLflow takes no more."""

MOST_MODELS = 1_000
"""In one answer; MLflow gives no more."""

FOR_ALL = (
    "UNAUTHENTICATED",
    "CUSTOMER_UNAUTHORIZED",
    "TEMPORARILY_UNAVAILABLE",
    "REQUEST_LIMIT_EXCEEDED",
    "DEADLINE_EXCEEDED",
    "ENDPOINT_NOT_FOUND",
)
"""MLflow's codes for what would be said of every plant."""

FOR_ONE = ("INVALID_PARAMETER_VALUE", "PERMISSION_DENIED")
"""Those for one thing alone that come without an answer in JSON: of its client, and of a sign-in."""

TIMEOUT_SECONDS, RETRIES = 10, 1
"""The next round comes soon; MLflow's own patience is minutes."""


class MlflowServer:
    """One server, and one plant's experiment and registered model on it, both of one name."""

    def __init__(self, uri: str) -> None:
        """Connect to nobody yet.

        Raises:
            MissingExtraError: MLflow's client is not installed.
        """
        self._client = _client(uri)

    def experiment(self, name: str) -> str:
        """Its id; made where there is none.

        Raises:
            MlflowRefusedError: It was deleted there.
            MlflowError: The server does not answer.
        """
        with _translated():
            found = self._client.get_experiment_by_name(name)
            if found is None:
                return self._client.create_experiment(name)
        if found.lifecycle_stage != "active":
            problem = f"the experiment {name} was deleted there; restore it, or remove it for good"
            raise MlflowRefusedError(problem)
        return found.experiment_id

    def runs(self, experiment: str) -> dict[str, "Run"]:
        """Our runs of an experiment, by the number of their version."""
        from mlflow.entities import ViewType

        found, token = dict[str, "Run"](), None
        with _translated():
            while True:
                page = self._client.search_runs(
                    [experiment], run_view_type=ViewType.ACTIVE_ONLY, page_token=token
                )
                found |= {run.data.tags[VERSION]: run for run in page if VERSION in run.data.tags}
                if not (token := page.token):
                    return found

    def begin_run(self, experiment: str, name: str, facts: Facts) -> "Run":
        """A run that says whose it is from its first moment on."""
        with _translated():
            return self._client.create_run(
                experiment,
                start_time=_milliseconds(facts),
                tags=dict(facts.tags),
                run_name=name,
            )

    def fill_run(self, run: "Run", facts: Facts, files: Mapping[str, bytes]) -> None:
        """Everything about it; the mark that it is whole comes last."""
        from mlflow.entities import Metric, Param, RunTag

        at, id_ = _milliseconds(facts), run.info.run_id
        with _translated():
            new = [Param(k, v) for k, v in facts.params.items() if k not in run.data.params]
            for part in range(0, len(new), MOST_PARAMS):
                self._client.log_batch(id_, params=new[part : part + MOST_PARAMS])
            metrics = [Metric(k, v, at, facts.step) for k, v in facts.metrics.items()]
            tags = [RunTag(k, v) for k, v in facts.tags.items()]
            self._client.log_batch(id_, metrics=metrics, tags=tags)
            if files:
                self._send_files(id_, files)
            self._client.set_tag(id_, FACTS, facts.digest)
            self._client.set_terminated(id_, FINISHED, at)

    def _send_files(self, run: str, files: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, data in files.items():
                (Path(folder) / name).write_bytes(data)
            with _sent():
                self._client.log_artifacts(run, folder, FOLDER)

    def model(self, name: str, plant: str) -> dict[str, str]:
        """Aliases of a registered model, to MLflow's versions; it is made where there is none.

        Raises:
            MlflowRefusedError: Somebody else made a model of that name.
        """
        from mlflow.exceptions import RestException

        with _translated():
            try:
                found = self._client.get_registered_model(name)
            except RestException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                about = f"Remaining useful life of machines of the plant {plant}."
                self._client.create_registered_model(name, {PLANT: plant}, about)
                return {}
        if found.tags.get(PLANT) != plant:
            problem = f"the registered model {name} is of somebody else; set RUL_MLFLOW_PREFIX"
            raise MlflowRefusedError(problem)
        return {alias: str(version) for alias, version in found.aliases.items()}

    def aliases(self, prefix: str) -> dict[str, dict[str, str]]:
        """Aliases of our registered models, to MLflow's versions, by plant."""
        found, token = dict[str, dict[str, str]](), None
        with _translated():
            while True:
                page = self._client.search_registered_models(
                    f"name LIKE '{prefix}%'", max_results=MOST_MODELS, page_token=token
                )
                for each in page:
                    plant = each.name.removeprefix(prefix)
                    if each.tags.get(PLANT) == plant and each.name != plant:
                        found[plant] = {alias: str(n) for alias, n in each.aliases.items()}
                if not (token := page.token):
                    return found

    def model_versions(self, name: str) -> dict[str, "Registered"]:
        """MLflow's versions of a registered model, by the number of ours."""
        found, token = dict[str, "Registered"](), None
        with _translated():
            while True:
                page = self._client.search_model_versions(
                    f"name='{name}'", max_results=1_000, page_token=token
                )
                found |= {each.tags[VERSION]: each for each in page if VERSION in each.tags}
                if not (token := page.token):
                    return found

    def register(self, name: str, run: "Run", tags: Mapping[str, str]) -> "Registered":
        """A run's files as the next version of a registered model."""
        source = f"{run.info.artifact_uri}/{FOLDER}"
        with _translated():
            return self._client.create_model_version(
                name, source, run.info.run_id, tags=dict(tags), await_creation_for=0
            )

    def note_state(self, name: str, version: str, state: str) -> None:
        """Which of our states a version is in."""
        with _translated():
            self._client.set_model_version_tag(name, version, STATE, state)

    def point(self, name: str, alias: str, version: str | None) -> None:
        """Let an alias stand for a version, or with None for none."""
        with _translated():
            if version is None:
                self._client.delete_registered_model_alias(name, alias)
            else:
                self._client.set_registered_model_alias(name, alias, version)


def _client(uri: str) -> "MlflowClient":
    for name, value in {
        "MLFLOW_DISABLE_TELEMETRY": "true",  # else it tells its makers what it is used for
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # which may hold a password
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(RETRIES),
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(TIMEOUT_SECONDS),
    }.items():
        os.environ.setdefault(name, value)  # noqa: TID251  MLflow reads these nowhere else
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise MissingExtraError(
            "RUL_MLFLOW_URI", package="mlflow-skinny", extra="mlflow"
        ) from error
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def _translated() -> Iterator[None]:
    """What goes wrong there, in our words: others hold the address, which may hold a password."""
    import requests
    from mlflow.exceptions import MlflowException, RestException

    try:
        yield
    except RestException as error:
        problem = f"it refused: {' '.join(str(error).split())[:300]}"
        raise _kind(error.error_code not in FOR_ALL)(problem) from None
    except MlflowException as error:
        problem = f"no answer that can be used ({type(error).__name__}, {error.error_code})"
        raise _kind(error.error_code in FOR_ONE)(problem) from None
    except requests.RequestException as error:
        problem = f"no answer that can be used ({type(error).__name__})"
        raise MlflowError(problem) from None


@contextmanager
def _sent() -> Iterator[None]:
    """Files may go past the server to a store of its own, whose client raises what it likes."""
    import requests
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, requests.ConnectionError, requests.Timeout):
        raise
    except Exception as error:  # of any class: told by its name, since texts hold addresses
        problem = (
            f"its files were not taken ({type(error).__name__}): is its store of artifacts right?"
        )
        raise MlflowRefusedError(problem) from None


def _kind(is_about_one: bool) -> type[MlflowError]:
    return MlflowRefusedError if is_about_one else MlflowError


def _milliseconds(facts: Facts) -> int:
    return int(facts.at.timestamp() * 1000)
