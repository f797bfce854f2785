"""A version as a CycloneDX machine-learning bill of materials.

Source: CycloneDX 1.6, cyclonedx.org/docs/1.6/json: a component of type ``machine-learning-model`` with a
``modelCard``, its data sets as ``data`` components, and the packages that trained it.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from rul_platform.operation.audit.formats.names import NAMESPACE

DATA_ASSETS = ("raw_cmapss", "cmapss_windows", "plant_readings", "plant_windows", "plant_feedback")
Json = dict[str, Any]


def ml_bom(told: Mapping[str, Any]) -> Json:
    """The bill of one version; the same for the same dossier."""
    version = told["version"]
    model = f"model-{version['sha256']}"
    packages = list(_packages(told))
    data = list(_data(told))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE + version['sha256'])}",
        "version": 1,
        "metadata": {
            "timestamp": version["registered_at"],
            "component": {
                "type": "machine-learning-model",
                "bom-ref": model,
                "name": version["plant"],
                "version": str(version["number"]),
                "hashes": [{"alg": "SHA-256", "content": version["sha256"]}],
                "modelCard": _card(told, [each["bom-ref"] for each in data]),
            },
        },
        "components": [*data, *packages],
        "dependencies": [
            {"ref": model, "dependsOn": [each["bom-ref"] for each in (*data, *packages)]}
        ],
    }


def _card(told: Mapping[str, Any], data: list[str]) -> Json:
    parameters = told["training"]["parameters"]
    metrics = [
        {"type": name, "value": f"{each[key]:.6g}"}
        for each in told["gate"][-1:]
        for name, key in (("RMSE", "rmse"), ("RMSE of a constant", "rmse_of_a_constant"))
        if each[key] is not None
    ]
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": "remaining useful life",
            "architectureFamily": str(parameters.get("architecture", "unknown")),
            "datasets": [{"ref": each} for each in data],
            "inputs": [{"format": "time series of sensor readings"}],
            "outputs": [{"format": "remaining useful life with an interval"}],
        },
        "quantitativeAnalysis": {"performanceMetrics": metrics},
        "considerations": {
            "users": ["reliability engineers"],
            "useCases": ["planning of maintenance, as advice to a person"],
            "technicalLimitations": [
                "It was tested on machines of one plant; of others nothing is promised.",
                "An interval covers machines like those that calibrated it.",
            ],
        },
    }


def _data(told: Mapping[str, Any]) -> Iterator[Json]:
    seen = set[str]()
    for step in told["made_from"]:
        if step["asset"] in DATA_ASSETS and step["sha256"] not in seen:
            seen.add(step["sha256"])
            yield {
                "type": "data",
                "bom-ref": f"data-{step['sha256']}",
                "name": f"{step['asset']}/{step['partition']}",
                "version": step["sha256"][:12],
                "hashes": [{"alg": "SHA-256", "content": step["sha256"]}],
                "data": [{"type": "dataset", "name": step["asset"]}],
            }


def _packages(told: Mapping[str, Any]) -> Iterator[Json]:
    signed = (told["provenance"] or {}).get("packages") or told["training"]["environment"]
    facts = ("machine", "system", "python", "rul_platform", "cuda_device")
    for name, number in sorted(signed.items()):
        if name not in facts:
            yield {
                "type": "library",
                "bom-ref": f"package-{name}",
                "name": name,
                "version": str(number),
                "purl": f"pkg:pypi/{name}@{str(number).replace('+', '%2B')}",
            }
