"""The entrance of a system on this machine: answers callers by one of two variants, and counts what became of them."""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

CALLS_PER_SECOND = 40
LONGEST_WINDOW = 60


class Entrance:
    """Answers ``/`` by the old or the new version, ``/as/<variant>`` by that one; ``/share`` is the new one's percent.

    It answers Prometheus' queries ``requests:<variant>[15s]`` and ``errors:<variant>[15s]``.
    """

    def __init__(self) -> None:
        self.url = ""
        self.ill = ""
        """The variant that answers 500."""
        self.callers: Sequence[str] = ("",)
        """The variant of each; "" for who takes what the entrance gives."""
        self.percent = 0
        self._calls = 0
        self._answers: deque[tuple[float, str, bool]] = deque()
        """When which variant answered, and whether it failed."""
        self._lock = Lock()

    def answer(self, variant: str = "") -> tuple[int, str]:
        """Answer a caller; where no variant is named, the new version has its share of each hundred."""
        with self._lock:
            if not variant:
                self._calls += 1
                is_new = self._calls * self.percent // 100 > (self._calls - 1) * self.percent // 100
                variant = "new" if is_new else "old"
            now = monotonic()
            self._answers.append((now, variant, variant == self.ill))
            while self._answers[0][0] < now - LONGEST_WINDOW:
                self._answers.popleft()
        return (500 if variant == self.ill else 200), variant

    def mended(self) -> None:
        """Start the version that failed anew: it fails no more, and counts from nought."""
        with self._lock:
            self.ill = ""
            self._answers.clear()

    def count(self, query: str) -> int:
        """Return what a query asks for."""
        what, _, rest = query.partition(":")
        variant, _, seconds = rest.rstrip("s]").partition("[")
        since = monotonic() - int(seconds)
        with self._lock:
            found = [failed for at, one, failed in self._answers if at >= since and one == variant]
        return len(found) if what == "requests" else sum(found)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    entrance: Entrance

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/share":
            self._say(200, json.dumps({"percent": self.entrance.percent}))
        elif parts.path == "/api/v1/query":
            value = str(self.entrance.count(parse_qs(parts.query)["query"][0]))
            found = {"resultType": "vector", "result": [{"metric": {}, "value": [0, value]}]}
            self._say(200, json.dumps({"status": "success", "data": found}))
        elif parts.path == "/old":
            self._say(200, "old")
        else:
            self._say(*self.entrance.answer(parts.path.removeprefix("/as/").strip("/")))

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.entrance.percent = int(said["percent"])
        self._say(200, "{}")

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def opened() -> Iterator[Entrance]:
    """Open an entrance on a free port of this machine, where its callers call one after the other, all the time."""
    entrance, closing = Entrance(), Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"entrance": entrance}))
    server.daemon_threads = True
    port = server.server_address[1]
    entrance.url = f"http://127.0.0.1:{port}"

    def call() -> None:
        caller = HTTPConnection("127.0.0.1", port, timeout=5)
        number = 0
        while not closing.wait(1 / CALLS_PER_SECOND):
            variant = entrance.callers[number % len(entrance.callers)]
            number += 1
            caller.request("GET", f"/as/{variant}" if variant else "/")
            caller.getresponse().read()
        caller.close()

    threads = [Thread(target=server.serve_forever, args=(0.05,)), Thread(target=call)]
    for thread in threads:
        thread.start()
    try:
        yield entrance
    finally:
        closing.set()
        threads[1].join()
        server.shutdown()
        threads[0].join()
        server.server_close()
