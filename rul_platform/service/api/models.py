"""Plants, and the versions of their models."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from rul_platform.errors import PlantFileError
from rul_platform.operation.known_plants import known_plants
from rul_platform.service.access import requires
from rul_platform.service.bodies import (
    DeploymentTold,
    ModelsTold,
    PlantsTold,
    PlantTold,
    VersionDetailTold,
    VersionTold,
)
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem
from rul_platform.service.routing import API, refuses
from rul_platform.storage.access_tokens import AccessToken
from rul_platform.storage.models import ModelVersion

_READ = Annotated[AccessToken, Depends(requires("read"))]
_VERSION = Annotated[str, Path(description="PLANT:NUMBER or sha256.", examples=["pumps:1"])]
_BY_NUMBER = re.compile(r"([a-z0-9_-]{1,40}):([1-9][0-9]{0,8})", re.ASCII)
_BY_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)

router = APIRouter(prefix=API)


@router.get("/plants", response_model=PlantsTold, responses=refuses())
def plants(request: Request, _: _READ) -> PlantsTold:
    """All plants, with the version that is wanted and the one that answers."""
    parts: Parts = request.app.state.parts
    return PlantsTold(plants=[_plant(parts, name) for name in known_plants(parts.home)])


@router.get("/models", response_model=ModelsTold, responses=refuses())
def models(request: Request, _: _READ) -> ModelsTold:
    """All versions of all plants, by plant, then by number."""
    parts: Parts = request.app.state.parts
    versions = parts.home.registry.versions()
    return ModelsTold(models=[VersionTold.model_validate(each) for each in versions])


@router.get("/models/{version}", response_model=VersionDetailTold, responses=refuses(404))
def model(request: Request, version: _VERSION, _: _READ) -> VersionDetailTold:
    """One version, by PLANT:NUMBER or by its sha256, and when it was in charge."""
    parts: Parts = request.app.state.parts
    found = version_of(parts, version)
    served = [
        DeploymentTold.model_validate(each)
        for each in parts.home.registry.deployments(found.plant)
        if each.number == found.number
    ]
    told = VersionTold.model_validate(found).model_dump(exclude={"id"})
    return VersionDetailTold(**told, deployments=served)


def version_of(parts: Parts, named: str) -> ModelVersion:
    """A version by PLANT:NUMBER or sha256; nothing that is named is ever opened.

    Raises:
        Problem: 404, there is none.
        UnknownVersionError: The plant has none of this number.
    """
    if found := _BY_NUMBER.fullmatch(named):
        return parts.home.registry.version(found[1], int(found[2]))
    if _BY_HASH.fullmatch(named):
        for version in parts.home.registry.versions():
            if version.sha256 == named:
                return version
    detail = "There is no such version. Name it as PLANT:NUMBER, or by the 64 digits of its sha256."
    raise Problem(404, "unknown_version", detail)


def _plant(parts: Parts, name: str) -> PlantTold:
    home, slot = parts.home, parts.slots.all().get(name)
    retrain = home.retrains.current(name)
    return PlantTold(
        plant=name,
        title=_title(parts, name),
        wanted_version=slot.wanted if slot else None,
        served_version=slot.champion.version.number if slot and slot.champion else None,
        challenger=slot.challenger.version.number if slot and slot.challenger else None,
        problem=slot.problem if slot else None,
        is_frozen=home.freezes.current(name) is not None,
        retrain=retrain.state if retrain else None,
    )


def _title(parts: Parts, name: str) -> str | None:
    """From the plant file, if there is one that can be read."""
    from rul_platform.core.plant import parse_plant

    try:
        return parse_plant(parts.home.plant_file(name).read_text(encoding="utf-8"), name).title
    except (OSError, ValueError, PlantFileError):
        return None
