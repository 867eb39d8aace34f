"""How many environments of functions the local cloud keeps warm."""

from types import SimpleNamespace as Worker

import pytest
from ministack.core import lambda_runtime

from enghub_cli.cloud.emulator.functions import taken


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Worker]]:
    """Three functions: one environment rests for long, one for a moment, two work."""
    pools = {
        "a": [Worker(last_used=3, in_use=False)],
        "b": [Worker(last_used=1, in_use=False), Worker(last_used=0, in_use=True)],
        "c": [Worker(last_used=2, in_use=True)],
    }
    monkeypatch.setattr(lambda_runtime, "_workers", pools)
    return pools


def test_within_the_limit_all_stay_warm(pools: dict[str, list[Worker]]) -> None:
    assert taken(4) == []


def test_beyond_the_limit_the_one_that_rested_longest_goes(pools: dict[str, list[Worker]]) -> None:
    oldest = pools["b"][0]
    assert taken(3) == [oldest]
    assert oldest not in pools["b"]


def test_an_environment_at_work_is_never_taken(pools: dict[str, list[Worker]]) -> None:
    assert [one.in_use for one in taken(0)] == [False, False]
    assert [len(pool) for pool in pools.values()] == [0, 1, 1]
