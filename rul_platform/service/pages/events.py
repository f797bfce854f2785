"""News of a plant as they happen, as server-sent events.

    event: state
    data: {"answered": 1732837500000, "positive": 3, "negative": 1, "champion": 2, "retrain": null, …}

A plant is asked for once every few seconds, however many look. A stream ends with the session: on
signing out, when the token ends, and when the service stops; a browser then asks again and is refused.

Belongs here: streams and their bounds. Does not belong here: what is new (``operation.views.news``),
what a page does with it (``static/pages.js``).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from rul_platform.operation.known_plants import require_plant
from rul_platform.operation.views.news import News, news_of
from rul_platform.service.pages.visitor import Visitor, number_of, signed_in
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem

EVERY_SECONDS = 2.0
PING_SECONDS = 15.0
"""A line that says nothing, so that neither side takes the other for gone."""

MOST, MOST_EACH = 200, 10
"""Streams at once: of all, and of one token."""

RETRY_MS = 5000
TYPE = "text/event-stream"

router = APIRouter(include_in_schema=False)


class Streams:
    """All open streams of one process."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self.every_seconds = every_seconds
        self._open: Counter[str] = Counter()
        self._news: dict[str, tuple[float, News]] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._closing: asyncio.Event | None = None

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open.total()

    def refuse_more(self, number: str) -> None:
        """Before a stream of a token begins.

        Raises:
            Problem: There are too many.
        """
        if self.count >= MOST or self._open[number] >= MOST_EACH:
            detail = f"At most {MOST_EACH} streams of one token, and {MOST} of all, may be open."
            raise Problem(503, "too_many_streams", detail, headers={"Retry-After": "30"})

    def enter(self, number: str) -> None:
        """Count one more of a token, as it begins."""
        self._open[number] += 1

    def leave(self, number: str) -> None:
        """Count one less."""
        self._open[number] -= 1
        if not self._open[number]:
            del self._open[number]

    def close(self) -> None:
        """End all of them."""
        self._closed().set()

    async def wait(self) -> bool:
        """Until it is time to look again; False where there is no again."""
        try:
            await asyncio.wait_for(self._closed().wait(), self.every_seconds)
        except TimeoutError:
            return True
        return False

    async def news(self, parts: Parts, plant: str) -> News:
        """How things are, asked for by one of all who want to know."""
        async with self._asking.setdefault(plant, asyncio.Lock()):
            at, known = self._news.get(plant, (0.0, None))
            if known is None or monotonic() - at >= self.every_seconds:
                known = await asyncio.to_thread(news_of, parts.home, plant, parts.home.now())
                self._news[plant] = monotonic(), known
            return known

    def _closed(self) -> asyncio.Event:
        self._closing = self._closing or asyncio.Event()
        return self._closing


@router.get("/plants/{plant}/events")
async def events(
    request: Request, plant: str, visitor: Annotated[Visitor, Depends(signed_in("read"))]
) -> Response:
    """A stream of news, beginning with how things are."""
    parts: Parts = request.app.state.parts
    await asyncio.to_thread(require_plant, parts.home, plant)
    streams: Streams = request.app.state.streams
    streams.refuse_more(visitor.number)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(request, plant, visitor), headers=headers, media_type=TYPE)


async def _told(request: Request, plant: str, visitor: Visitor) -> AsyncIterator[bytes]:
    parts: Parts = request.app.state.parts
    streams: Streams = request.app.state.streams
    before: News | None = None
    spoke = monotonic()
    streams.enter(visitor.number)  # here: a stream that never begins is never left
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        while await _is_welcome(request, visitor):
            news = await streams.news(parts, plant)
            if news != before or monotonic() - spoke >= PING_SECONDS:
                yield b": still here\n\n" if news == before else _event(news)
                before, spoke = news, monotonic()
            if not await streams.wait():
                break
    finally:
        streams.leave(visitor.number)


async def _is_welcome(request: Request, visitor: Visitor) -> bool:
    """Whether the session is still there."""
    if await number_of(request, visitor.cookie) is None:
        return False
    parts: Parts = request.app.state.parts
    return await parts.tokens.still_holds(visitor.number, "read")


def _event(news: News) -> bytes:
    answered = news.answered_at
    told = {
        "answered": int(answered.timestamp() * 1000) if answered else None,
        "positive": news.positive,
        "negative": news.negative,
        "champion": news.champion,
        "retrain": news.retrain,
        "steps": news.steps,
        "entries": news.entries,
        "signed": news.signed,
    }
    return b"event: state\ndata: " + to_json(told) + b"\n\n"
