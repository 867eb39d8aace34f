"""Listens for the hub's word that something changed; whatever is said, the client then asks what it is (CFG-11).

Needs the extra ``push`` (websockets); without it the client polls alone. A frame without content, or one that cannot be
read, makes it ask as well: nothing that comes here is believed, or kept.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from enghub_client.hub import Token

try:
    from websockets.sync.client import connect
except ImportError:  # polls alone
    connect = None  # type: ignore[assignment]

SHORTEST, LONGEST = 1.0, 60.0
"""Seconds between two tries to connect."""
ALIVE = 5.0
"""Seconds after which a silent connection is asked whether it is there."""
_log = logging.getLogger("enghub_client")


class Listening:
    """One connection, made again whenever it ends; ``told`` is called with each frame, and when it is open."""

    def __init__(self, token: Token, environment: str, told: Callable[[], Any]) -> None:
        self.is_open = False
        self._token, self._environment, self._told = token, environment, told
        self._url = ""
        self._socket: Any = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def to(self, url: str) -> None:
        """Listen at ``url`` from now on."""
        if connect is None or self._stopped.is_set():
            return
        if url != self._url:
            self._url = url
            self._end()
        if self._thread is None:
            self._thread = threading.Thread(target=self._listen, name="enghub-client-push", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Listen no longer."""
        self._stopped.set()
        self._end()
        if self._thread is not None:
            self._thread.join(timeout=15)

    def _end(self) -> None:
        socket = self._socket
        if socket is not None:
            with suppress(Exception):
                socket.close()

    def _listen(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self._once()
            except Exception as error:
                _log.info("not told of changes: %s %s", type(error).__name__, error)
            self.is_open = False
            failures = 0 if time.monotonic() - began > LONGEST else failures + 1
            pause = min(LONGEST, SHORTEST * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1)  # noqa: S311
            self._stopped.wait(pause)

    def _once(self) -> None:
        token = self._token() if callable(self._token) else self._token
        options: dict[str, Any] = {
            "open_timeout": 10,
            "close_timeout": 2,
            "ping_interval": ALIVE,
            "ping_timeout": ALIVE,
        }
        url = f"{self._url}?environment={self._environment}"
        with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, **options) as self._socket:
            self.is_open = True
            self._told()
            for _ in self._socket:
                self._told()
