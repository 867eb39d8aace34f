"""A ClickHouse server for tests: the real engine (chdb) in a process of its own, behind ClickHouse's HTTP interface.

Run as a script it serves on a free port of 127.0.0.1 and prints the port. It speaks what clickhouse-connect needs:
the query in the body or in `query`, settings and `param_*` in the address, sessions, compression left out, errors as
status 500 with `X-ClickHouse-Exception-Code`. The extension module is loaded by itself: the package around it would
import pandas and pyarrow, which nobody here needs.
"""

import contextlib
import ctypes
import importlib.util
import json
import os
import re
import sys
import threading
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_NOT_SETTINGS = frozenset(
    {"query", "query_id", "database", "user", "password", "role", "session_id", "session_timeout"}
    | {"default_format", "client_protocol_version", "compress", "decompress", "enable_http_compression"}
    | {"wait_end_of_query", "buffer_size", "send_progress_in_http_headers", "http_headers_progress_interval_ms"}
    | {"cancel_http_readonly_queries_on_client_close"}
)
_CODE = re.compile(r"Code: (\d+)")


def _engine() -> Any:
    spec = importlib.util.find_spec("chdb")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0])
    package = types.ModuleType("chdb")
    package.__path__ = [str(folder)]
    sys.modules["chdb"] = package
    ctypes.CDLL(str(folder / "_chdb.abi3.so"), mode=sys.getdlopenflags() | 8)  # RTLD_DEEPBIND: its own allocator
    with contextlib.chdir(folder):
        return importlib.import_module("chdb._chdb")


class _Connection:
    """An engine's connection, and the settings of the last request, which hold until the next one has others."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self._database: str | None = None
        self._settings: dict[str, str] = {}

    def prepare(self, database: str | None, settings: dict[str, str]) -> None:
        if database and database != self._database:
            self.engine.query(f"USE `{database}`", "Native")
            self._database = database
        changes = [f"{name} = DEFAULT" for name in self._settings if name not in settings and name[:6] != "param_"]
        for name, value in settings.items():
            if self._settings.get(name) != value:
                quoted = value.replace("\\", "\\\\").replace("'", "\\'")
                changes.append(f"{name} = '{quoted}'")
        if changes:
            self.engine.query(f"SET {', '.join(changes)}", "Native")
        self._settings = settings


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.engine, self.folder = _engine(), folder
        self.keeper = self.engine.connect(folder)
        self.sessions: dict[str, _Connection] = {}
        self.guard = threading.Lock()

    @contextlib.contextmanager
    def connection(self, session: str | None) -> Iterator[_Connection]:
        if session is None:
            yield _Connection(self.engine.connect(self.folder))
            return
        with self.guard:
            if session not in self.sessions:
                self.sessions[session] = _Connection(self.engine.connect(self.folder))
        yield self.sessions[session]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        return

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if urlsplit(self.path).path == "/ping":
            self._send(200, b"Ok.\n", {})
            return
        asked = given.get("query", "")
        sql = (asked + "\n" + body.decode()) if asked and body else asked or body.decode()
        try:
            with self.server.connection(given.get("session_id")) as connection:
                result = self._run(connection, sql, given)
        except RuntimeError as error:
            code = _CODE.search(str(error))
            self._send(500, str(error).encode(), {"X-ClickHouse-Exception-Code": code.group(1) if code else "1001"})
            return
        self._send(200, result, {"X-ClickHouse-Summary": json.dumps({"written_rows": "0"})})

    def _run(self, connection: "_Connection", sql: str, given: dict[str, str]) -> bytes:
        settings = {name: value for name, value in given.items() if name not in _NOT_SETTINGS}
        if "readonly" in settings:  # cannot be taken back, so these queries get a connection of their own
            connection = _Connection(self.server.engine.connect(self.server.folder))
        connection.prepare(given.get("database"), settings)
        output = given.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"
        return bytes(connection.engine.query(sql, output).bytes())

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "X-ClickHouse-Timezone": "UTC"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    serving = _Server(sys.argv[1])
    sys.stdout.write(f"{serving.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()  # ends with who started it
    serving.serve_forever()
