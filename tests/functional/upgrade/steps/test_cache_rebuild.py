"""Cache rebuilds: nothing invalid is ever in force, and they are fast enough (UPG-17)."""

import time
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.gateways.caches import RedisCache
from enghub.upgrade.stepping.ports import Ports
from tests import databases
from tests.contract.upgrade.test_caches import REDIS
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import stores
from tests.functional.upgrade.steps.scenarios.scenario import ROWS


def test_a_cache_that_lost_entries_keeps_the_old_generation_in_force(small: Place) -> None:
    cache = small.cache("orders")
    cache.put("old", {"order:1": b"old"}, None)
    cache.activate("old")

    def lose(name: str) -> None:
        if name == "batch recorded":
            for generation in cache.generations():
                if generation != "old":
                    cache.clear(generation)

    with pytest.raises(WorkFailed, match="holds 0 entries instead of 11") as failure:
        run(small, "enghub.CacheRebuild", stores.CACHES, point=lose)
    assert failure.value.retryable
    assert (cache.active(), cache.generations()) == ("old", ("old",))
    run(small, "enghub.CacheRebuild", stores.CACHES)
    stores.cached(small)


def test_redis_is_filled_at_more_than_1000_entries_a_second(tmp_path: Path) -> None:
    name = f"enghub-test-{uuid4().hex[:12]}"
    with databases.database(Dialect.MARIADB, tmp_path) as address:
        place = Place(tmp_path, address)
        place.execute("CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(40))")
        place.execute("INSERT INTO users SELECT seq, CONCAT('user ', seq) FROM seq_1_to_20000")
        parameters = {"caches": [{"name": name, "table": "users", "key": "user:{id}"}]}
        started = time.monotonic()
        ports = Ports(cache=lambda cache: RedisCache(cache, REDIS))
        result = run(place, "enghub.CacheRebuild", parameters, ports=ports, budget=Budget.of(60, 90)).result["caches"][
            0
        ]
        seconds = time.monotonic() - started
    redis = Redis.from_url(REDIS)
    try:
        assert result["entries"] == 20_000
        assert result["entriesPerSecond"] == pytest.approx(20_000 / result["seconds"], rel=0.01)
        assert 20_000 / seconds > 1000
        assert redis.get(f"{name}:{result['generation']}:user:7") == b'{"id":7,"name":"user 7"}'
    finally:
        for key in redis.scan_iter(f"{name}:*", count=5000):
            redis.delete(key)
        redis.close()


def test_the_figures_are_of_all_slices_also_when_the_last_one_only_looks(small: Place) -> None:
    first = run(small, "enghub.CacheRebuild", stores.CACHES).result["caches"][0]
    assert first["seconds"] >= 0.003, "three batches"
    assert first["entriesPerSecond"] == pytest.approx(ROWS / first["seconds"], rel=0.01)
    assert run(small, "enghub.CacheRebuild", stores.CACHES).result["caches"][0] == first
