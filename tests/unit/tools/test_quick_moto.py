"""Moto made quick still undoes a transaction that is refused, an update of an item that was there too."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.conftest import REGION
from tests.fakes.quick_moto import quicken


def test_a_refused_transaction_leaves_what_was_there(
    account: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = account("plm")
    quicken(monkeypatch)
    client: Any = boto3.client("dynamodb", REGION)
    key = {"pk": {"S": "a"}, "sk": {"S": "1"}}
    client.put_item(TableName=table, Item={**key, "state": {"S": "old"}})
    update = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": "SET #s = :new",
        "ExpressionAttributeNames": {"#s": "state"},
        "ExpressionAttributeValues": {":new": {"S": "new"}},
    }
    other = {"pk": {"S": "b"}, "sk": {"S": "1"}}
    client.put_item(TableName=table, Item=other)
    refused = {"TableName": table, "Item": other, "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        client.transact_write_items(TransactItems=[{"Update": update}, {"Put": refused}])
    assert client.get_item(TableName=table, Key=key)["Item"]["state"] == {"S": "old"}
