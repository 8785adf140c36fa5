"""A relay that asks the endpoint once for each read and repeats the answer from then on.

It costs a tenth of an endpoint, so that a generator can be measured at rates that no endpoint on
the other core would carry. What is repeated is a real answer to a real, signed request; everything
but GetSecretValue is passed on.

    python -m load.bench.replayer --upstream 8080
"""

import argparse
import asyncio
import json
import sys
from typing import cast

_REPEATED = b"x-acs-action: GetSecretValue\r\n"


class Replayer(asyncio.Protocol):
    """One connection of a client; requests of ours come whole and one at a time."""

    answers: dict[bytes, bytes]
    upstream: int

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        """Repeat what is known, pass on what is not."""
        line = data[: data.find(b"\r\n")]
        answer = self.answers.get(line) if _REPEATED in data else None
        if answer is not None:
            self._transport.write(answer)
        else:
            self._task = asyncio.ensure_future(self._pass_on(line, data))

    async def _pass_on(self, line: bytes, data: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        writer.write(data)
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = head + await reader.readexactly(size)
        writer.close()
        if _REPEATED in data and b" 200 " in head[:16]:
            self.answers[line] = answer
        self._transport.write(answer)


async def _serve(upstream: int) -> None:
    Replayer.answers, Replayer.upstream = {}, upstream
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Replayer, "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)


def main() -> None:
    """Run until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", type=int, required=True, help="port of the endpoint, HTTP")
    upstream = parser.parse_args().upstream
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(upstream))
    else:
        uvloop.run(_serve(upstream))


if __name__ == "__main__":
    main()
