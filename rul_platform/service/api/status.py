"""What the service can do now, in one answer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from rul_platform.operation.serving.served_model import ServedModel
from rul_platform.service.access import requires
from rul_platform.service.api.transfer_learning import transfer_of
from rul_platform.service.bodies import CalibrationTold, ServedTold, StatusTold
from rul_platform.service.parts import Parts
from rul_platform.service.probes import readiness
from rul_platform.service.routing import API, refuses
from rul_platform.storage.access_tokens import AccessToken
from rul_platform.storage.home import Home

router = APIRouter(prefix=API)


@router.get("/status", response_model=StatusTold, responses=refuses())
def status(request: Request, _: Annotated[AccessToken, Depends(requires("read"))]) -> StatusTold:
    """Ready or not, the models that answer, what their intervals rest on, what plants start from."""
    parts: Parts = request.app.state.parts
    served = {
        plant: slot.champion
        for plant, slot in parts.slots.all().items()
        if slot.champion is not None
    }
    return StatusTold(
        **readiness(parts),
        models={plant: _model(parts.home, each) for plant, each in served.items()},
        calibration={plant: _calibration(each) for plant, each in served.items()},
        transfer_learning=transfer_of(parts.home),
    )


def _model(home: Home, served: ServedModel) -> ServedTold:
    version = served.version
    since = [
        each.since
        for each in home.registry.deployments(version.plant)
        if each.number == version.number
    ]
    return ServedTold(
        version=version.number,
        sha256=version.sha256,
        approach=served.predictor.card.get("approach"),
        since=since[-1] if since else None,
    )


def _calibration(served: ServedModel) -> CalibrationTold:
    predictor = served.predictor
    return CalibrationTold(
        level=predictor.calibration.level,
        units=predictor.calibration.units,
        bands=len(predictor.calibration.bands),
        cap=predictor.preparation.cap,
        life_unit=predictor.preparation.life_unit,
    )
