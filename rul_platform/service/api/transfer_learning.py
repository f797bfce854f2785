"""What plants start from: which checkpoints there are, and choosing one for the next fine-tuning."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from rul_platform.core.approaches import DEFAULT_WITH_SOURCE, HEAD_ONLY
from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.operation import parents
from rul_platform.service.access import caller, requires
from rul_platform.service.api.feedback import person_of
from rul_platform.service.bodies import CheckpointTold, LoadBody, LoadTold, TransferTold
from rul_platform.service.parts import Parts
from rul_platform.service.reading import body_of
from rul_platform.service.routing import API, refuses, takes
from rul_platform.storage.access_tokens import AccessToken
from rul_platform.storage.home import Home

router = APIRouter(prefix=f"{API}/transfer-learning")


@router.post(
    "/load",
    response_model=LoadTold,
    responses=refuses(404, 408, 409, 413, 415, 422),
    openapi_extra=takes(LoadBody),
)
async def load(request: Request) -> LoadTold:
    """Let the next fine-tuning of an architecture start from a registered checkpoint.

    Compared with what was selected when the request came, and written into the ledger. The models that
    answer now stay as they are.
    """
    token = await caller(request, "deploy")
    body = await body_of(request, LoadBody)
    parts: Parts = request.app.state.parts
    found = await asyncio.to_thread(_select, parts.home, body, token)
    message = f"The next fine-tuning of {body.model_name} starts from {found.sha256[:12]}."
    return LoadTold(
        status="success",
        model_name=body.model_name,
        model_path=body.model_path,
        message=message,
        sha256=found.sha256,
    )


@router.get("/info", response_model=TransferTold, responses=refuses())
def info(request: Request, _: Annotated[AccessToken, Depends(requires("read"))]) -> TransferTold:
    """What the next fine-tuning of each architecture starts from."""
    parts: Parts = request.app.state.parts
    return transfer_of(parts.home)


def transfer_of(home: Home) -> TransferTold:
    """The same for the service's status.

    Raises:
        StoreError: A card is not there, or was changed.
    """
    known = {each.sha256: each for each in parents.known(home)}
    chosen = {name: parents.parent_of(home, name) for name in ARCHITECTURES}
    models = {
        name: CheckpointTold.model_validate(known[each.sha256])
        for name, each in chosen.items()
        if each is not None
    }
    return TransferTold(
        enabled=bool(models),
        freeze_layers=HEAD_ONLY in DEFAULT_WITH_SOURCE,
        pretrained_models=models,
    )


def _select(home: Home, body: LoadBody, token: AccessToken) -> parents.Selected:
    now, before = home.now(), parents.selected(home, body.model_name)
    return parents.select(
        home,
        body.model_name,
        body.model_path,
        actor=home.people.of(person_of(token), now),
        expected=before.sha256 if before else None,
        now=now,
        reason=f"by the service, with token {token.id}",
    )
