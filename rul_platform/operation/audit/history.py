"""What served when, what changed between two versions, and what was built with a package.

Belongs here: those three questions. Does not belong here: one version as a whole (``dossier``).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rul_platform.operation.audit.dossier import dossier
from rul_platform.storage.deployments import Deployment
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not the same in two versions.

    Attributes:
        part: ``data``, ``configuration``, ``code``, ``environment`` or ``metrics``.
        what: Its name.
        before: In the first version; None where it was not there.
        after: In the second one.
    """

    part: str
    what: str
    before: Any
    after: Any


def in_charge_at(home: Home, plant: str, moment: datetime) -> Deployment | None:
    """The deployment that served at a moment, or None."""
    for each in home.registry.deployments(plant):
        if each.since <= moment and (each.until is None or moment < each.until):
            return each
    return None


def changes(home: Home, one: ModelVersion, other: ModelVersion) -> tuple[Change, ...]:
    """Everything recorded that is not the same, by part."""
    before, after = (_facts(dossier(home, each)) for each in (one, other))
    found = list[Change]()
    for part in before:
        names = sorted(before[part].keys() | after[part].keys())
        found += [
            Change(part, name, before[part].get(name), after[part].get(name))
            for name in names
            if before[part].get(name) != after[part].get(name)
        ]
    return tuple(found)


def built_with(
    home: Home, package: str, number: str | None = None
) -> tuple[tuple[ModelVersion, str], ...]:
    """Versions that are or may come in charge and were built with a package, with its version then.

    Args:
        home: Where to look.
        package: As pip calls it; upper case and underscores do not matter.
        number: Only with this version of it.
    """
    name, found = _normal(package), list[tuple[ModelVersion, str]]()
    for version in home.registry.versions():
        told = dossier(home, version)
        packages = (told["provenance"] or {}).get("packages") or told["training"]["environment"]
        has = {_normal(each): value for each, value in packages.items()}.get(name)
        if has is not None and number in (None, has):
            found.append((version, str(has)))
    return tuple(found)


def _normal(package: str) -> str:
    """The normalized name of PEP 503, for comparing."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _facts(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    own, signed = told["version"]["sha256"], told["provenance"] or {}
    steps = dict[str, Any]()
    for each in told[
        "made_from"
    ]:  # newest first: what was made before the last retrain comes later
        steps.setdefault(f"{each['asset']}[{each['partition']}]", each)
    gate = told["gate"][-1] if told["gate"] else {}
    return {
        "data": {name: each["sha256"] for name, each in steps.items() if each["sha256"] != own},
        "configuration": {**told["training"]["parameters"], "seed": signed.get("seed")},
        "code": {
            **{name: each["code_version"] for name, each in steps.items()},
            "commit": signed.get("code"),
            "lock file": signed.get("lock_file"),
        },
        "environment": {**told["training"]["environment"], **signed.get("packages", {})},
        "metrics": {name: gate.get(name) for name in ("verdict", "rmse", "rmse_of_a_constant")},
    }
