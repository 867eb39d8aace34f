"""Settings and flags of one user of a hub: kept in memory and on disk, followed in the background (CFG-12)."""

import logging
import os
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, overload

import httpx

from enghub_client.cache import Cached, DiskCache
from enghub_client.errors import Away, CacheDamaged, ClientError, Refused, SecretMasked, SettingMissing, Unreadable
from enghub_client.hub import Hub, Token
from enghub_client.keys import Key
from enghub_client.push import Listening
from enghub_client.reports import Reports
from enghub_client.snapshot import Snapshot, Value, differences, read
from enghub_client.watching import OnChange, OnFlags, Watchers
from enghub_flags.evaluation import typed
from enghub_flags.model import TENANT, ErrorCode, Reason, Result, ValueType

T = TypeVar("T")
INTERVAL = 4.0
"""Seconds between two looks: a switch of a flag reaches a client that only polls within five."""
WHOLE_EVERY, LONGEST = 300.0, 60.0
"""Seconds: between two reads that do not trust the ETag, and between two tries at most."""
AGAIN = 1.2
"""Seconds after which it looks once more when it was told: a warm function of the hub looks at flags once a second."""
_NOTHING: Final = object()
_KINDS: tuple[tuple[type, ValueType], ...] = (
    (bool, ValueType.BOOLEAN),
    (str, ValueType.STRING),
    (int, ValueType.INTEGER),
    (float, ValueType.FLOAT),
    (dict, ValueType.OBJECT),
    (list, ValueType.OBJECT),
)
_log = logging.getLogger("enghub_client")


@dataclass(frozen=True, slots=True)
class Status:
    """How a client stands."""

    revision: str | None
    """In force here; None: nothing is known."""
    refused: str | None
    """The newer one that a check refused: it was taken back."""
    contact_at: datetime | None
    """When the hub was heard last, also before this process."""
    is_stale: bool
    """The hub did not answer the last time: values are the last known ones."""
    problem: str
    """What was told last; empty where all is well."""


class Client:
    """Follows the settings named by ``keys`` and all flags of one environment.

    Args:
        address: of the hub: ``https://hub.example.com``.
        token: a Bearer token, or a function that returns one: it is called before every request.
        environment: ``DEV``, ``TEST`` or ``PROD``.
        keys: which settings: whole keys, or beginnings with ``*`` (at most 50, and 1,000 settings).
        cache: a file for what was read last, of this client alone; None keeps nothing on disk. Secrets are not in it.
        name: what people see in the list of clients; the machine and process unless given.
        interval: seconds between two looks at the hub.
        push: be told of changes at once, with the extra ``push``; it looks all the same.
        http: an own ``httpx.Client``, for proxies and certificates.
        now: the clock, for tests.
        on_problem: told every problem, beside the log ``enghub_client``.

    Safe for threads. Reading never waits for the network.
    """

    def __init__(
        self,
        address: str,
        token: Token,
        *,
        environment: str = "PROD",
        keys: Sequence[str] = ("*",),
        cache: str | Path | None = None,
        name: str = "",
        interval: float = INTERVAL,
        push: bool = True,
        http: httpx.Client | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_problem: Callable[[str], Any] | None = None,
    ) -> None:
        self._own_http = http is None
        self._hub = Hub(address, token, environment, tuple(keys), http or httpx.Client(timeout=10))
        identity = (address.rstrip("/"), environment, *sorted(keys))
        self._cache = None if cache is None else DiskCache(Path(cache), identity)
        name = name or f"{socket.gethostname()}:{os.getpid()}"
        self.name = re.sub(r"[^A-Za-z0-9._:-]", "-", name).lstrip("._:-")[:100]
        self._reports = Reports(self._hub, self.name)
        self.interval, self._now, self._on_problem = interval, now, on_problem
        self._push = None if push is False else Listening(token, environment, self.wake)
        self._watchers = Watchers()
        self._on_stale: list[Callable[[bool], Any]] = []
        self._lock = threading.RLock()
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._snapshot: Snapshot | None = None
        self._told_at: datetime = now()
        self._etag: str | None = None
        self._refused: str | None = None
        self._contact_at: datetime | None = None
        self._failures, self._problem = 0, ""
        self._retry_after, self._whole_at = 0.0, time.monotonic() + WHOLE_EVERY

    # --- life ---

    def start(self) -> "Client":
        """Load the cache, ask the hub once, and follow it in the background; does not raise where it is away."""
        self._load()
        self.refresh()
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="enghub-client", daemon=True)
            self._thread.start()
        return self

    @property
    def push_url(self) -> str | None:
        """Where the hub tells of changes; None where it does not, or nothing is known."""
        return None if self._snapshot is None else self._snapshot.push_url

    @property
    def is_pushed(self) -> bool:
        """Whether changes are told at once now, and not found with the next look."""
        return self._push is not None and self._push.is_open

    def close(self) -> None:
        """Stop following, and tell what was counted; what is known can still be read."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._wake.set()
        if self._push is not None:
            self._push.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=15)
        with suppress(ClientError):
            self._reports.send_counts()
        if self._own_http:
            self._hub.http.close()

    def __enter__(self) -> "Client":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def wake(self) -> None:
        """Let the background look at the hub now."""
        self._wake.set()

    # --- settings ---

    @overload
    def get(self, key: Key[T]) -> T: ...
    @overload
    def get(self, key: Key[T], default: T) -> T: ...
    @overload
    def get(self, key: str, default: Any = ...) -> Any: ...
    def get(self, key: Any, default: Any = _NOTHING) -> Any:
        """Return what answers for a key now, of its declared type.

        Raises:
            SettingMissing: nothing answers, and there is no default.
            SecretMasked: it is encrypted; ``secret`` tells it.
        """
        found = self.value(key.name if isinstance(key, Key) else key)
        if found is None:
            if default is _NOTHING:
                raise SettingMissing(key.name if isinstance(key, Key) else key)
            return default
        if found.is_encrypted:
            raise SecretMasked(f"{found.key} is encrypted: ask Client.secret")
        return found.data

    def value(self, key: str) -> Value | None:
        """Return what answers for a key now, with layer and version; None where nothing does."""
        snapshot = self._snapshot
        return None if snapshot is None else snapshot.value(key, self._now())

    def values(self) -> Mapping[str, Value]:
        """Return what answers now, by key."""
        snapshot = self._snapshot
        return {} if snapshot is None else snapshot.values(self._now())

    def secret(self, key: str) -> str:
        """Return the value of an encrypted setting: asked of the hub each time, audited there, never kept here.

        Raises:
            Away, Refused, Unreadable
        """
        return self._hub.secret(key)

    # --- flags ---

    def flag(self, key: str, default: T, context: Mapping[str, Any] | None = None) -> T:
        """Return what a flag answers to ``context``, of the type of ``default``; that where it cannot answer."""
        wanted = next(kind for of, kind in _KINDS if isinstance(default, of))
        found: T = typed(self.evaluate(key, context), wanted, default).value
        return found

    def evaluate(self, key: str, context: Mapping[str, Any] | None = None) -> Result:
        """Return what a flag answers, and why; nothing is raised, an unknown flag is a result with an error."""
        snapshot = self._snapshot
        if snapshot is None:
            return Result(key, None, "", Reason.ERROR, error=ErrorCode.GENERAL)
        if key in snapshot.broken:
            return Result(key, None, "", Reason.ERROR, error=ErrorCode.PARSE_ERROR)
        found = snapshot.ruleset.evaluate(key, {**(context or {}), TENANT: snapshot.tenant_id})
        if found.error is None:
            self._reports.evaluated(key, found.variant)
        return found

    # --- who wants to know ---

    def on_change(self, call: OnChange, *keys: str) -> None:
        """Call ``call`` with the changes of settings (``line.*``; all unless named), once per revision or moment."""
        self._watchers.change(call, keys)

    def on_flags(self, call: OnFlags) -> None:
        """Call ``call`` with the keys of flags that may answer otherwise, once per revision."""
        self._watchers.flags(call)

    def on_stale(self, call: Callable[[bool], Any]) -> None:
        """Call ``call`` with True when the hub is lost, with False when it answers again."""
        self._on_stale.append(call)

    def check(self, call: OnChange, *keys: str) -> None:
        """Let ``call`` refuse a revision, by raising, before it is in force; it sees planned changes (``at``), too."""
        self._watchers.check(call, keys)

    @property
    def status(self) -> Status:
        """How the client stands."""
        snapshot = self._snapshot
        revision = None if snapshot is None else snapshot.revision
        return Status(revision, self._refused, self._contact_at, self._failures > 0, self._problem)

    # --- following ---

    def refresh(self) -> bool:
        """Ask the hub now; return whether it answered. What cannot be read is told, and values stay as they are."""
        with self._lock:
            self._wake.clear()
            was_stale = self._failures > 0
            try:
                self._look()
            except (Away, Refused, Unreadable) as error:
                self._failures += 1
                self._retry_after = error.retry_after if isinstance(error, Away) else 0.0
                self._tell(f"the hub: {error}")
            else:
                self._problem = "" if was_stale and self._problem.startswith("the hub: ") else self._problem
                self._failures, self._retry_after = 0, 0.0
            if was_stale != (self._failures > 0):
                for call in self._on_stale:
                    with suppress(Exception):
                        call(self._failures > 0)
            return not self._failures

    def switch(self) -> None:
        """Tell of planned values that have come into force since the last time; the background does it by itself."""
        with self._lock:
            now, snapshot = self._now(), self._snapshot
            if snapshot is None or now <= self._told_at:
                return
            changes = differences(snapshot.values(self._told_at), snapshot.values(now))
            self._told_at = now
            if changes:
                self._note("ACTIVE", snapshot.revision, self._watchers.told(changes))

    def _look(self) -> None:
        whole = time.monotonic() >= self._whole_at
        answer = self._hub.snapshot(None if whole else self._etag)
        now = self._now()
        if answer is not None:
            snapshot = read(answer.document)
            self._etag = answer.etag
            self._activate(snapshot, Cached(answer.etag, now, answer.document), now)
        if whole:
            self._whole_at = time.monotonic() + WHOLE_EVERY
            self._reports.again()
        self._contact_at = now
        self._report()

    def _activate(self, snapshot: Snapshot, answer: Cached, now: datetime) -> None:
        if snapshot.revision == self._refused:
            return
        before, is_first = self._snapshot, self._snapshot is None
        known = {} if before is None else before.values(self._told_at)
        changes = differences(known, snapshot.values(now))
        refusal = self._watchers.refusal([*changes, *snapshot.planned(now)])
        if refusal:
            self._refused = snapshot.revision
            self._note("TAKEN_BACK", snapshot.revision, [refusal])
            return
        self._snapshot, self._told_at, self._refused, self._problem = snapshot, now, None, ""
        self._save(answer)
        if snapshot.broken:
            self._tell(f"flags that this version cannot read: {', '.join(snapshot.broken)}")
        flags = snapshot.flags_changed(before)
        problems = [] if is_first else self._watchers.told(changes, flags)
        if before is None or before.revision != snapshot.revision or problems:
            self._note("FAILED" if problems else "ACTIVE", snapshot.revision, problems)

    def _note(self, status: str, revision: str, problems: Sequence[str]) -> None:
        """Make the receipt that is sent with the next look, or with this one."""
        active = None if self._snapshot is None else self._snapshot.revision
        problem = self._reports.note(status, revision, active, problems)
        if problem:
            self._tell(f"revision {revision} {problem}")

    def _report(self) -> None:
        """Send what waits; what cannot be sent waits on, and does not make values stale."""
        try:
            self._reports.send()
        except (Away, Refused) as error:
            self._tell(f"a report waits: {error}")

    def _follow(self) -> None:
        self._listen()
        due = time.monotonic() + self._pause()
        while not self._stopped.is_set():
            self._wake.wait(max(0.0, min(1.0, due - time.monotonic(), self._until_switch())))
            if self._stopped.is_set():
                return
            try:
                self.switch()
                woken = self._wake.is_set()
                if woken or time.monotonic() >= due:
                    self.refresh()
                    self._listen()
                    due = time.monotonic() + (min(AGAIN, self.interval) if woken else self._pause())
            except Exception as error:
                _log.exception("following goes on")
                self._tell(f"unexpected: {type(error).__name__} {error}")
                due = time.monotonic() + LONGEST * random.uniform(0.5, 1)  # noqa: S311 - no secret

    def _listen(self) -> None:
        """Connect where the hub has said; from the thread that follows, so that nobody listens without following."""
        if self._push is not None and self.push_url is not None and not self._failures:
            self._push.to(self.push_url)

    def _pause(self) -> float:
        """Return how long until the next look: shorter than the interval by chance, longer the oftener it failed."""
        if not self._failures:
            return self.interval * random.uniform(0.8, 1)  # noqa: S311 - no secret
        longer = min(max(LONGEST, self.interval), self.interval * 2.0 ** min(self._failures, 10))
        return max(self._retry_after, longer * random.uniform(0.5, 1))  # noqa: S311 - no secret

    def _until_switch(self) -> float:
        snapshot = self._snapshot
        following = snapshot.switches(self._told_at)[:1] if snapshot else []
        return (following[0] - self._now()) / timedelta(seconds=1) if following else LONGEST

    # --- the cache ---

    def _load(self) -> None:
        if self._cache is None or self._snapshot is not None:
            return
        try:
            found = self._cache.load()
            if found is not None:
                self._snapshot = read(found.document)
                self._etag, self._contact_at = found.etag, found.fetched_at
                self._told_at, self._failures = found.fetched_at, 1
                self._note("ACTIVE", self._snapshot.revision, [])
                self.switch()
        except (CacheDamaged, Unreadable) as error:
            self._tell(str(error))

    def _save(self, answer: Cached) -> None:
        if self._cache is not None:
            try:
                self._cache.save(answer)
            except OSError as error:
                self._tell(f"the cache cannot be written: {error}")

    def _tell(self, problem: str) -> None:
        if problem != self._problem:
            _log.warning("%s", problem)
        self._problem = problem
        if self._on_problem is not None:
            with suppress(Exception):
                self._on_problem(problem)
