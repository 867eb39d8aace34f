"""The API of a context on a port of its own, answered by its handlers in this process."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from socketserver import ThreadingMixIn
from threading import Lock, Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from enghub.core.identity import Principal
from tests.factories.operations import Gateway

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_message(self, *_: Any) -> None:
        return


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Bounded:
    """The API, whose bodies end where they say; one request at a time, as a function answers."""

    def __init__(self, gateway: Application) -> None:
        self.gateway = gateway
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        with self._lock:
            return self.gateway({**environ, "wsgi.input": BytesIO(environ["wsgi.input"].read(length))}, start_response)


@contextmanager
def served(
    context: str, caller: Principal, around: Callable[[Application], Application] = lambda app: app
) -> Iterator[str]:
    """Serve a context on loopback; ``around`` may stand before it. Give the address."""
    app = around(Bounded(Gateway(context, caller)))
    with make_server("127.0.0.1", 0, app, server_class=_Threads, handler_class=Quiet) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
