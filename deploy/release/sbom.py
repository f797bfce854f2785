"""The bill of materials of a release: what is in it, and what it needs, from the locks alone.

The hashes of every file stand in the locks, which are part of the release. Source: CycloneDX 1.6,
cyclonedx.org/docs/1.6/json; names of packages by the package-URL specification.

Belongs here: the bill of the software. Does not belong here: that of a trained model
(``rul_platform.operation.audit.formats.ml_bom``).
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from deploy.release.lock import Locked

NAME = "rul-platform"
_NAMESPACE = uuid.UUID("f2a4b7f0-3c0d-5f0e-9a57-2f1f6c9d8e11")
"""Any number that is ours alone."""


def bill(
    version: str, locked: Sequence[Locked], *, sha256: str, moment: datetime
) -> dict[str, Any]:
    """CycloneDX 1.6; the same for the same release.

    Args:
        version: Of the product.
        locked: Everything that an installation may need.
        sha256: Of the wheel.
        moment: Of the commit.
    """
    product = f"pkg:pypi/{NAME}@{version}"
    refs = {each.name: f"pkg:pypi/{each.name}@{each.version}" for each in locked}
    needs: dict[str, list[str]] = {ref: [] for ref in (product, *refs.values())}
    for each in locked:
        for parent in each.via:
            needs[refs.get(parent, product)].append(refs[each.name])
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, sha256)}",
        "version": 1,
        "metadata": {
            "timestamp": moment.isoformat(),
            "component": {
                "type": "application",
                "bom-ref": product,
                "name": NAME,
                "version": version,
                "purl": product,
                "hashes": [{"alg": "SHA-256", "content": sha256}],
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": [_component(each, refs[each.name]) for each in locked],
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(set(below))} for ref, below in sorted(needs.items())
        ],
    }


def _component(each: Locked, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": ref,
        "name": each.name,
        "version": each.version,
        "purl": ref,
        "scope": "required",
    }
    if each.marker:
        found["properties"] = [{"name": "rul_platform:marker", "value": each.marker}]
    return found
