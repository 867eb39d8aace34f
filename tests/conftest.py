"""What every test may use: an AWS account in memory with a context's table, a frozen caller, no real network."""

from collections.abc import Callable, Iterator
from typing import Final

import boto3
import pytest
from moto import mock_aws

from enghub.core import aws, config, dynamo, secrets
from enghub.core.config import CoreConfig

pytest_plugins = ("tests.cloud",)

REGION: Final = "eu-central-1"


def create_table(name: str) -> None:
    """Create a context's table as the state stack does: keys, two indexes, stream."""
    names = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"]
    boto3.client("dynamodb", REGION).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
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
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def forget_clients() -> None:
    """Drop everything the process keeps between invocations."""
    config.load.cache_clear()
    aws.client.cache_clear()
    aws.quick.cache_clear()
    dynamo.connection.cache_clear()
    dynamo.table.cache_clear()
    secrets.forget()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """An AWS account in memory; call it with a context name to set that context's environment and table."""
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
        table_name: str = config.load(CoreConfig).table_name
        return table_name

    with mock_aws():
        forget_clients()
        yield context
    forget_clients()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full-matrix`: kill upgrade steps at every point on every database, not only on SQLite."""
    parser.addoption("--full-matrix", action="store_true", help="kill upgrade steps at every point on every database")
