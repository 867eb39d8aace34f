"""A business system on loopback: answers what a test says, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Erp:
    """What it answers by path (200 and ``{"data": {"id": 7}}`` otherwise), and what came."""

    url: str = ""
    status: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path, Idempotency-Key."""

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [path for _, path, _ in self.asked]


@contextmanager
def erp_server() -> Iterator[Erp]:
    """Serve until the test ends."""
    found = Erp()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.asked.append((self.command, self.path, self.headers.get("Idempotency-Key") or ""))
            body = json.dumps({"data": {"id": 7, "state": "READY"}}).encode()
            self.send_response(found.status.get(self.path, 200))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
