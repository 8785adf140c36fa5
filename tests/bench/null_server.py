"""The baseline of the endpoint: the same server software with a handler that does nothing."""

import json
import os
import socket
import sys
from typing import Any

import uvicorn

BODY = json.dumps({"RequestId": "00000000-0000-4000-8000-000000000000"}).encode()
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))],
}


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await receive()
        await send(START)
        await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listener.getsockname()[1], "pid": os.getpid()}), flush=True)
    config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off")
    sys.exit(uvicorn.Server(config).run(sockets=[listener]))
