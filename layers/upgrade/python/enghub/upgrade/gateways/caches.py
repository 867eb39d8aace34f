"""Caches that a rebuild fills: Redis, or a service that takes entries over HTTP (UPG-17)."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.hooks import Hooks, expect

if TYPE_CHECKING:
    import redis
else:
    redis = lazy("redis")

UNAVAILABLE = Text("The cache {name} is not available ({error})", "缓存 {name} 不可用（{error}）")
_CLEAR = 1_000


class RedisCache:
    """Entries `<name>:<generation>:<key>`; `<name>:active` holds the generation that readers use.

    A set per generation, `<name>:<generation>`, names its keys, so that counting and clearing never scan the keyspace.
    """

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._url = url

    def put(self, generation: str, entries: Mapping[str, bytes], ttl_seconds: int | None) -> None:
        """Store the entries and their names in one transaction."""
        with self._errors() as redis:
            pipe = redis.pipeline(transaction=True)
            pipe.sadd(f"{self._name}:generations", generation)
            for key, value in entries.items():
                pipe.set(self._place(generation, key), value, ex=ttl_seconds)
            if entries:
                pipe.sadd(f"{self._name}:{generation}", *entries)
            pipe.execute()

    def count(self, generation: str) -> int:
        """See `Cache.count`."""
        with self._errors() as redis:
            return int(redis.scard(f"{self._name}:{generation}"))

    def get(self, generation: str, keys: Sequence[str]) -> list[bytes | None]:
        """See `Cache.get`."""
        with self._errors() as redis:
            return list(redis.mget([self._place(generation, key) for key in keys])) if keys else []

    def active(self) -> str | None:
        """See `Cache.active`."""
        with self._errors() as redis:
            found = redis.get(f"{self._name}:active")
            return None if found is None else bytes(found).decode()

    def activate(self, generation: str | None) -> None:
        """See `Cache.activate`: one write, so readers see the old generation or the new one."""
        with self._errors() as redis:
            if generation is None:
                redis.delete(f"{self._name}:active")
            else:
                redis.set(f"{self._name}:active", generation)

    def generations(self) -> tuple[str, ...]:
        """See `Cache.generations`."""
        with self._errors() as redis:
            return tuple(sorted(bytes(name).decode() for name in redis.smembers(f"{self._name}:generations")))

    def clear(self, generation: str) -> None:
        """Remove entries in batches, their names after them, the generation's name last: repeatable."""
        index = f"{self._name}:{generation}"
        with self._errors() as redis:
            while names := redis.srandmember(index, _CLEAR):
                keys = [bytes(name).decode() for name in names]
                redis.unlink(*(self._place(generation, key) for key in keys))
                redis.srem(index, *keys)
            redis.srem(f"{self._name}:generations", generation)

    def _place(self, generation: str, key: str) -> str:
        return f"{self._name}:{generation}:{key}"

    @cached_property
    def _redis(self) -> Any:

        return redis.Redis.from_url(self._url, socket_timeout=10, socket_connect_timeout=5)

    @contextmanager
    def _errors(self) -> Iterator[Any]:

        try:
            yield self._redis
        except redis.exceptions.RedisError as error:
            again = not isinstance(error, redis.exceptions.AuthenticationError)
            raise WorkFailed(UNAVAILABLE, retryable=again, name=self._name, error=type(error).__name__) from error


class HttpCache:
    """A service with this contract, below one address; values are base64.

    `PUT /generations/{g}/entries` `{"entries": {key: value}, "ttlSeconds": n}`; `GET /generations/{g}` `{"count": n}`;
    `POST /generations/{g}/read` `{"keys": [...]}` answers `{"values": [...]}`; `DELETE /generations/{g}`;
    `GET /generations` `{"generations": [...], "active": g}`; `PUT /active` `{"generation": g}`.
    """

    def __init__(self, name: str, url: str, hooks: Hooks) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._hooks = hooks

    def put(self, generation: str, entries: Mapping[str, bytes], ttl_seconds: int | None) -> None:
        """See `Cache.put`."""
        values = {key: base64.b64encode(value).decode() for key, value in entries.items()}
        self._call("PUT", f"/generations/{generation}/entries", {"entries": values, "ttlSeconds": ttl_seconds})

    def count(self, generation: str) -> int:
        """See `Cache.count`."""
        return int(self._call("GET", f"/generations/{generation}")["count"])

    def get(self, generation: str, keys: Sequence[str]) -> list[bytes | None]:
        """See `Cache.get`."""
        found = self._call("POST", f"/generations/{generation}/read", {"keys": list(keys)})["values"]
        return [None if value is None else base64.b64decode(value) for value in found]

    def active(self) -> str | None:
        """See `Cache.active`."""
        found: str | None = self._call("GET", "/generations").get("active")
        return found

    def activate(self, generation: str | None) -> None:
        """See `Cache.activate`."""
        self._call("PUT", "/active", {"generation": generation})

    def generations(self) -> tuple[str, ...]:
        """See `Cache.generations`."""
        return tuple(self._call("GET", "/generations")["generations"])

    def clear(self, generation: str) -> None:
        """See `Cache.clear`."""
        self._call("DELETE", f"/generations/{generation}")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:

        url = self._url + path
        what = f"cache {self._name}"
        answer = expect(what, url, self._hooks.call(what, method, url, body=body, timeout_seconds=30))
        try:
            found = json.loads(answer.text or "{}")
        except ValueError as error:
            raise WorkFailed(UNAVAILABLE, retryable=True, name=self._name, error="no JSON") from error
        return found if isinstance(found, dict) else {}
