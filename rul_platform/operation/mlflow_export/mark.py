"""How far MLflow was told: a file in the home folder, without which all is looked at again.

Belongs here: that file. Does not belong here: the export.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

MARK = "mlflow.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What MLflow holds of a plant since it was told all of it.

    Attributes:
        versions: As ``digest_of`` gives it.
        aliases: To MLflow's versions.
    """

    versions: str
    aliases: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the last export that got through came to.

    Attributes:
        ledger: The last row that is there; -1 where none is, or nobody knows.
        problems: What it could not tell, as sentences.
        target: As ``target_of`` gives it.
        plants: Those of which nothing was left behind.
    """

    ledger: int = -1
    problems: frozenset[str] = frozenset()
    target: str = ""
    plants: Mapping[str, Told] = field(default_factory=dict[str, Told])


def read_mark(home: Home) -> Mark:
    """The mark; an empty one where there is none that can be read."""
    try:
        told = json.loads((home.folder / MARK).read_text(encoding="utf-8"))
        return Mark(
            ledger=int(told["ledger"]),
            problems=frozenset(map(str, told["problems"])),
            target=str(told["target"]),
            plants={plant: Told(**each) for plant, each in told["plants"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Mark()


def write_mark(home: Home, mark: Mark) -> None:
    """Keep it for the next export, and for who asks whether one is due."""
    told: dict[str, Any] = asdict(mark) | {"problems": sorted(mark.problems)}
    (home.folder / MARK).write_text(json.dumps(told), encoding="utf-8")


def target_of(home: Home, uri: str) -> str:
    """Changes with the server, the names there and the release that tells; holds no password."""
    url = urlsplit(uri)
    server = [url.scheme, url.netloc.rpartition("@")[2], url.path]
    return sha256(canonical_json([server, home.settings.mlflow_prefix, version("rul-platform")]))


def digest_of(versions: Iterable[ModelVersion]) -> str:
    """Changes with the versions there are, their states, and whether their files are kept."""
    told = [[v.number, v.sha256, v.state, v.cleaned_at is None] for v in versions]
    return sha256(canonical_json(told))
