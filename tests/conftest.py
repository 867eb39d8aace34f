"""What every test may use: an AWS account in memory with a context's table, a frozen caller, no real network."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from botocore import hooks, loaders, session
from hypothesis import HealthCheck, settings
from moto import mock_aws

from enghub.core import aws, config, dynamo, field_keys, limits, refusals, secrets
from enghub.core.config import CoreConfig
from enghub.core.security import edge
from tests.fakes.quick_moto import quick_table, quicken

os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
"""The pinned Node is the one that the CDK finds, also where pytest is called without make."""
pytest_plugins = ("tests.cloud",)
session.create_loader = cache(loaders.create_loader)
"""Sessions share what they read of services' definitions: each reading it anew was a third of the time of a test."""
_aliaser: Any = hooks.EventAliaser
_alias = cache(partial(_aliaser._alias_event_name, _aliaser(None)))
_aliaser._alias_event_name = lambda _, event_name: _alias(event_name)
"""And the names of events: each session found 126 of them anew."""
settings.register_profile("campaign", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("sample", settings.get_profile("campaign"), derandomize=True)
"""No test asserts how long something takes, as others may use the machine, too. A sample is the same one each time."""

REGION: Final = "eu-central-1"
CONTEXTS: Final = sorted(
    path.name for path in (Path(__file__).parents[1] / "layers").iterdir() if path.name not in {"core", "kit"}
)
COMMON: Final = {"architecture", "infra", "core", "kit"}
"""Folders of tests that hold for every context ..."""
ELSEWHERE: Final = {"e2e", "workflows", *CONTEXTS}
"""... but not in these: the core's end-to-end tests are another matter."""


def create_table(name: str, client: Any = None) -> None:
    """Create a context's table as the state stack does, in memory or by a client: keys, two indexes, stream."""
    names = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"]
    made = {
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": f"{index}pk", "KeyType": "HASH"},
                    {"AttributeName": f"{index}sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in ("gsi1", "gsi2")
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }
    if client is None:
        quick_table(REGION, name, **made)
    else:
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **made)


def forget_clients() -> None:
    """Drop everything the process keeps between invocations."""
    config.load.cache_clear()
    aws.client.cache_clear()
    aws.quick.cache_clear()
    dynamo.connection.cache_clear()
    dynamo.table.cache_clear()
    secrets.forget()
    field_keys.forget()
    limits.forget()
    edge.forget()
    refusals.forget()


@contextmanager
def accounts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Open an AWS account in memory; call it with a context name to set that context's environment and table."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "POWERTOOLS_SERVICE_NAME": "enghub",
        "POWERTOOLS_METRICS_NAMESPACE": "EngHub",
        "STAGE": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    def context(name: str, **extra: str) -> str:
        monkeypatch.setenv("CONTEXT", name)
        monkeypatch.setenv("TABLE_NAME", f"enghub-test-{name}")
        for variable, value in extra.items():
            monkeypatch.setenv(variable, value)
        forget_clients()
        create_table(f"enghub-test-{name}")
        monkeypatch.setenv("FIELD_KEY_ARN", "alias/enghub-test-fields")
        table_name: str = config.load(CoreConfig).table_name
        return table_name

    quicken(monkeypatch)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))  # nothing comes of waiting
    with mock_aws():
        forget_clients()
        yield context
    forget_clients()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """An AWS account in memory; call it with a context name to set that context's environment and table."""
    with accounts(monkeypatch) as context:
        yield context


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--campaign`, `--seed`, `--part` and `--context`."""
    parser.addoption("--part", default="1/1", help="of the tests, the first third: 1/3")
    parser.addoption("--campaign", action="store_true", help="every case of what is otherwise a sample (slow)")
    parser.addoption("--seed", type=int, default=1, help="of what a campaign draws, as which two faults come together")
    parser.addoption("--context", choices=CONTEXTS, help="a context's own tests and those that hold for every one")


def pytest_configure(config: pytest.Config) -> None:
    """Let properties draw the same examples each time, in a campaign those of its `--hypothesis-seed`."""
    settings.load_profile("campaign" if config.getoption("--campaign") else "sample")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `--context` and `--part` do not ask for, and what only a campaign has the minutes for."""
    context = config.getoption("--context")
    number, _, parts = config.getoption("--part").partition("/")
    wanted = items[int(number) - 1 :: int(parts)]
    if context is not None:
        wanted = [item for item in wanted if _is_for(context, item.path.relative_to(config.rootpath))]
    if not config.getoption("--campaign"):
        wanted = [item for item in wanted if item.get_closest_marker("campaign") is None]
    kept = set(wanted)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = wanted


def _is_for(context: str, path: Path) -> bool:
    """Tell whether tests at `path` are the context's or hold for every context."""
    places = set(path.parts[:-1])
    return context in places or (bool(places & COMMON) and not places & ELSEWHERE)
