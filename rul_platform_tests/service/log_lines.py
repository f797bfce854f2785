"""What the service logs while a block runs."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rul_platform.service.json_log import JsonFormatter


class Lines:
    """Lines as they stand in the log."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(JsonFormatter())
        self.handler.addFilter(lambda record: not record.name.startswith("http"))  # our client's

    @property
    def text(self) -> str:
        """All of it."""
        return self._stream.getvalue()

    def told(self) -> list[dict[str, Any]]:
        """Line by line."""
        return [json.loads(line) for line in self.text.splitlines()]

    def of_requests(self) -> list[dict[str, Any]]:
        """Those that tell of requests."""
        return [line for line in self.told() if line["logger"].endswith(".requests")]


@contextmanager
def logged(level: int = logging.INFO) -> Iterator[Lines]:
    """From this level on."""
    found, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(found.handler)
    root.setLevel(level)
    try:
        yield found
    finally:
        root.setLevel(before)
        root.removeHandler(found.handler)
