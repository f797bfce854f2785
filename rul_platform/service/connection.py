"""One connection: how long a request's head may be, and how long it may take to arrive.

Uvicorn limits neither, so that one caller could fill the memory, or hold connections without a word.

Belongs here: the head of a request. Does not belong here: its body (``reading``).
"""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 2**10
"""Of the line and the headers together; what is there at the first look may be more."""

HEAD_SECONDS = 20.0


class Connection(HttpToolsProtocol):
    """Uvicorn's, with both limits."""

    head_seconds = HEAD_SECONDS
    _head_bytes = 0
    _is_in_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  as in uvicorn
        """Somebody connects, and has a while to say what for."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_timer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins, perhaps not the first one."""
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """All of the head is there."""
        self._is_in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes came; a head that goes on for too long is not waited for."""
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _wait_for_head(self) -> None:
        self._stop_timer()
        self._is_in_head, self._head_bytes = True, 0
        refused = HTTPStatus.REQUEST_TIMEOUT
        self._timer = self.loop.call_later(self.head_seconds, self._refuse, refused)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: HTTPStatus) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False  # another request is being answered: that comes first
            self.flow.pause_reading()
        elif not self.transport.is_closing():
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{head}content-length: 0\r\nconnection: close\r\n\r\n".encode())
            self.transport.close()
