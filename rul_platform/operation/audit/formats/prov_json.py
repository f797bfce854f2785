"""The lineage of a version as W3C PROV-JSON.

Source: "The PROV-JSON Serialization", W3C member submission, 24 April 2013; terms of PROV-DM.
"""

from collections.abc import Mapping
from typing import Any

from rul_platform.operation.audit.formats.names import NAMESPACE, artifact_name

Json = dict[str, Any]


def prov_json(told: Mapping[str, Any]) -> Json:
    """Entities are artifacts, activities are runs of assets, the gate's approver is an agent."""
    entities, activities = dict[str, Json](), dict[str, Json]()
    generated, used, agents, associated = (dict[str, Json]() for _ in range(4))
    for number, step in enumerate(told["made_from"]):
        made, run = _id(artifact_name(step)), f"rul:run-{number}"
        entities[made] = {"prov:label": artifact_name(step), "rul:sha256": step["sha256"]}
        activities[run] = {
            "prov:endTime": step["made_at"],
            "rul:asset": step["asset"],
            "rul:run": step["run"],
            "rul:codeVersion": step["code_version"],
        }
        generated[f"_:g{number}"] = {"prov:entity": made, "prov:activity": run}
        for place, read in enumerate(step["read"]):
            name = _id(artifact_name(read))
            entities.setdefault(
                name, {"prov:label": artifact_name(read), "rul:sha256": read["sha256"]}
            )
            used[f"_:u{number}.{place}"] = {"prov:activity": run, "prov:entity": name}
    for number, each in enumerate(told["in_charge"]):
        agent = f"rul:{each['actor'] or 'gate'}"
        agents[agent] = {"prov:type": "prov:Person" if each["actor"] else "prov:SoftwareAgent"}
        activity = f"rul:deployment-{number}"
        activities[activity] = {"prov:startTime": each["since"], "rul:kind": each["kind"]}
        if each["until"]:
            activities[activity]["prov:endTime"] = each["until"]
        associated[f"_:a{number}"] = {"prov:activity": activity, "prov:agent": agent}
    return {
        "prefix": {"rul": NAMESPACE},
        "entity": entities,
        "activity": activities,
        "wasGeneratedBy": generated,
        "used": used,
        **({"agent": agents, "wasAssociatedWith": associated} if agents else {}),
    }


def _id(name: str) -> str:
    return f"rul:{name}"
