"""The stand-in of the tests, Redis and an HTTP service keep the same promises."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis
from redis.exceptions import RedisError

from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.caches import RedisCache
from enghub.upgrade.stepping.ports import Cache
from tests.fakes.upgrade_cache import FolderCache

REDIS = os.environ.get("ENGHUB_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


@pytest.fixture(params=["folder", "redis"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cache]:
    if request.param == "folder":
        yield FolderCache(tmp_path / "cache")
        return
    name = f"enghub-test-{uuid4().hex[:12]}"
    redis = Redis.from_url(REDIS)
    try:
        redis.ping()
    except RedisError as error:
        message = (
            f"no Redis answers at {REDIS}. Install one: apt-get install redis-server; or set ENGHUB_TEST_REDIS_URL"
        )
        raise RuntimeError(message) from error
    yield RedisCache(name, REDIS)
    for key in redis.scan_iter(f"{name}:*"):
        redis.delete(key)
    redis.close()


def test_entries_belong_to_generations_and_readers_follow_the_active_one(cache: Cache) -> None:
    assert cache.active() is None
    cache.put("old", {"a": b"1", "b": b"2"}, None)
    cache.activate("old")
    cache.put("new", {"a": b"3"}, 60)
    cache.put("new", {"a": b"3", "c": b"4"}, 60)
    assert (cache.count("old"), cache.count("new")) == (2, 2)
    assert cache.active() == "old"
    assert cache.get("new", ["a", "b", "c"]) == [b"3", None, b"4"]
    cache.activate("new")
    cache.clear("old")
    cache.clear("old")
    assert cache.active() == "new"
    assert cache.generations() == ("new",)
    assert cache.get("old", ["a"]) == [None]
    cache.activate(None)
    assert cache.active() is None


def test_a_generation_larger_than_one_batch_is_cleared_whole(cache: Cache) -> None:
    cache.put("big", {f"k{n}": b"x" for n in range(2500)}, None)
    assert cache.count("big") == 2500
    cache.clear("big")
    assert cache.count("big") == 0
    assert cache.get("big", ["k0", "k2499"]) == [None, None]


def test_a_cache_that_does_not_answer_is_tried_again() -> None:
    with pytest.raises(WorkFailed, match="is not available") as failure:
        RedisCache("none", "redis://127.0.0.1:1/0").count("g")
    assert failure.value.retryable
