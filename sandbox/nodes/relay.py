"""`python -m sandbox.nodes.relay FROM TO PORT…`: pass connections to ports of one address on to the same of another.

Clusters without IPv4 reach what stands for AWS by it, as AWS has endpoints of both families.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

_CHUNK = 1 << 16


async def relay(here: str, there: str, ports: list[int]) -> None:
    """Serve until cancelled; OSError if a port is taken."""
    servers = [await _serve(here, there, port) for port in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _serve(here: str, there: str, port: int) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            further, back = await asyncio.open_connection(there, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, back), _pass_on(further, writer))
        back.close()
        writer.close()

    return await asyncio.start_server(connected, here, port)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on everything and then the end of it, so that the other direction may go on."""
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(relay(sys.argv[1], sys.argv[2], [int(port) for port in sys.argv[3:]]))
