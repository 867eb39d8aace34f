"""Two versions of a system as a ramp sees them: metrics and share of the new one, health of the old one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Versions:
    """What they answer; tests change it."""

    url: str = ""
    values: dict[str, str | None] = field(default_factory=lambda: {"requests": "1000", "errors": "1"})
    """By query; None: nothing is found."""
    metrics_status: int = 200
    metrics_body: str | None = None
    old_status: int = 200
    share: int = 0
    sets: list[int] = field(default_factory=list)
    keeps: bool = True
    """Whether a share that is set stays set."""
    move: Callable[[int], None] | None = None
    """Moves real traffic, too."""
    asked: list[str] = field(default_factory=list)

    def fails(self) -> None:
        self.values["errors"] = "300"

    def metrics(self, query: str) -> tuple[int, str]:
        self.asked.append(query)
        if self.metrics_body is not None:
            return self.metrics_status, self.metrics_body
        value = self.values.get(query.partition("[")[0])
        found = [] if value is None else [{"metric": {}, "value": [1, value]}]
        body = {"status": "success", "data": {"resultType": "vector", "result": found}}
        return self.metrics_status, json.dumps(body)

    def set(self, percent: int) -> None:
        self.sets.append(percent)
        if self.keeps:
            self.share = percent
            if self.move is not None:
                self.move(percent)


@contextmanager
def versions_server() -> Iterator[Versions]:
    """Serve them on a free port of 127.0.0.1."""
    versions = Versions()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/api/v1/query":
                self.answer(*versions.metrics(parse_qs(parts.query)["query"][0]))
            elif parts.path == "/share":
                self.answer(200, json.dumps({"percent": versions.share}))
            else:
                self.answer(versions.old_status, "old")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            versions.set(body["percent"])
            self.answer(200, "{}")

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    versions.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield versions
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
