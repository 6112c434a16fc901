"""A gateway before a store, as an installer would put one there: so many requests at a time, so many in a
queue, 503 with Retry-After to all others. `python -m bench.fleet_gateway PORT STORE_URL SERVICE_MS`.

GET /counts tells what came since it was last asked.
"""

import asyncio
import sys

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

IN_FLIGHT = 16
QUEUE = 64
RETRY_AFTER_S = 10


class Gateway:
    """One store behind it. `service_s` is added to each request: the disk and network of a real store."""

    def __init__(self, store: str, service_s: float) -> None:
        self._store = store
        self._service_s = service_s
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._inside = 0
        self._http = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=IN_FLIGHT))
        self._counts = {"requests": 0, "refused": 0, "most_inside": 0}

    async def write(self, request: Request) -> Response:
        """Pass it on, or refuse it."""
        body = await request.body()
        self._counts["requests"] += 1
        if self._inside >= IN_FLIGHT + QUEUE:
            self._counts["refused"] += 1
            return Response("busy", 503, {"Retry-After": str(RETRY_AFTER_S)})
        self._inside += 1
        self._counts["most_inside"] = max(self._counts["most_inside"], self._inside)
        try:
            async with self._places:
                await asyncio.sleep(self._service_s)
                url = f"{self._store}{request.url.path}?{request.url.query}"
                encoding = request.headers.get("content-encoding", "identity")
                said = await self._http.post(url, content=body, headers={"Content-Encoding": encoding})
        finally:
            self._inside -= 1
        return Response(said.content, said.status_code)

    async def counts(self, request: Request) -> Response:
        """What came, and forget it."""
        told, self._counts = self._counts, dict.fromkeys(self._counts, 0)
        return JSONResponse(told)


def main() -> None:
    port, store, service_ms = sys.argv[1:]
    gateway = Gateway(store, float(service_ms) / 1000)
    routes = [Route("/counts", gateway.counts), Route("/{path:path}", gateway.write, methods=["POST"])]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=int(port), log_level="warning", backlog=4096)


if __name__ == "__main__":
    main()
