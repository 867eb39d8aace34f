"""Moto made quick still undoes a transaction that is refused, an update of an item that was there too."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.conftest import REGION


def test_a_refused_transaction_leaves_what_was_there(account: Callable[..., str]) -> None:
    table = account("plm")
    client: Any = boto3.client("dynamodb", REGION)
    key = {"pk": {"S": "a"}, "sk": {"S": "1"}}
    client.put_item(TableName=table, Item={**key, "state": {"S": "old"}, "counted": {"N": "7"}})
    update = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": "SET #s = :new ADD counted :one",
        "ExpressionAttributeNames": {"#s": "state"},
        "ExpressionAttributeValues": {":new": {"S": "new"}, ":one": {"N": "1"}},
    }
    other = {"pk": {"S": "b"}, "sk": {"S": "1"}}
    client.put_item(TableName=table, Item=other)
    refused = {"TableName": table, "Item": other, "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        client.transact_write_items(TransactItems=[{"Update": update}, {"Put": refused}])
    assert client.get_item(TableName=table, Key=key)["Item"] == {**key, "state": {"S": "old"}, "counted": {"N": "7"}}


def test_an_item_over_400_kb_is_refused(account: Callable[..., str]) -> None:
    table = account("plm")
    client: Any = boto3.client("dynamodb", REGION)
    item = {"pk": {"S": "a"}, "sk": {"S": "1"}, "one": {"S": "x" * 300_000}}
    client.put_item(TableName=table, Item=item)
    with pytest.raises(ClientError, match="size"):
        client.put_item(TableName=table, Item={**item, "two": {"S": "x" * 120_000}})
