"""A wire that can be cut, for drills: ``python -m rul_platform.drill.proxy HOST PORT-OR-SOCKET``.

Passes connections on to a database. It says its port on its first line, and takes orders on its input, a
line each: ``pass`` what comes at once, ``hold`` it back, ``cut`` all connections and refuse new ones, or
wait so many milliseconds before each piece (``slow 50``).
"""

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

CHUNK_BYTES = 65536
LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Wire:
    """What is done with what comes.

    Attributes:
        host: Of the database; a folder with its socket where it begins with a slash.
        port: Of the database, likewise.
        order: The last one.
    """

    host: str
    port: int
    order: str = "pass"
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        if self.order == "cut":
            writer.close()
            return
        if self.host.startswith("/"):
            socket = str(Path(self.host) / f".s.PGSQL.{self.port}")
            there, back = await asyncio.open_unix_connection(socket)
        else:
            there, back = await asyncio.open_connection(self.host, self.port)
        self._open |= {writer, back}
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._open -= {writer, back}

    async def _pass(self, reads: asyncio.StreamReader, writes: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while some := await reads.read(CHUNK_BYTES):
                while self.order == "hold":
                    await asyncio.sleep(LOOK_SECONDS)
                if self.order.startswith("slow"):
                    await asyncio.sleep(float(self.order.split()[1]) / 1000)
                writes.write(some)
                await writes.drain()
        with suppress(OSError):
            writes.close()

    def take(self, order: str) -> None:
        """From now on."""
        self.order = order
        if order == "cut":
            for each in self._open:
                each.transport.abort()


async def serve(host: str, port: int) -> None:
    """Until the input ends."""
    wire = Wire(host, port)
    server = await asyncio.start_server(wire.connect, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while order := await asyncio.to_thread(sys.stdin.readline):
        wire.take(order.strip())
    wire.take("cut")
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
