"""The published ports: from this machine's loopback into the network of the stack.

A Unix socket is a file, so it leads from one network into the other: outside, a port is relayed to
it, inside it is relayed to the service's port.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


def to_port(port: int) -> Connect:
    """Connects to a port of the loopback."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: Path) -> Connect:
    """Connects to a Unix socket."""
    return lambda: asyncio.open_unix_connection(path)


async def relay(listen: Path | tuple[str, int], connect: Connect) -> asyncio.Server:
    """Hand each connection on.

    Args:
        listen: A Unix socket, or an address and a port.
        connect: Where to.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await connect()
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    if isinstance(listen, Path):
        return await asyncio.start_unix_server(serve, listen)
    return await asyncio.start_server(serve, *listen)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until one side ends."""
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.close()
