"""A verification through the API, slice by slice, between two databases named by their secrets (OPS-06)."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import boto3
import pytest

from enghub.kit.work.slices import Budget
from tests.conftest import REGION
from tests.factories import stored
from tests.factories.go_lives import Installation
from tests.factories.http import Context
from tests.factories.queues import failed

WANTED = {
    "source": "old",
    "target": "new",
    "tables": [{"source": "orders", "sums": ["amount"], "required": ["code"]}, {"source": "tags"}],
    "references": [{"table": "lines", "columns": ["order_id"], "parent": "orders", "parentColumns": ["id"]}],
    "rules": [{"name": "none negative", "targetQuery": "SELECT id FROM orders WHERE amount < 0"}],
}


def execute(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.fixture
def target(hub: Installation, tmp_path: Path) -> Path:
    """Two databases with the same content; returns the target's file."""
    assert hub
    for name in ("old", "new"):
        file = tmp_path / f"{name}.db"
        execute(
            file,
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, amount NUMERIC, code TEXT)",
            "CREATE TABLE tags (name TEXT)",
            "CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER)",
            "INSERT INTO orders VALUES (1, 12.5, 'a'), (2, 3, 'b'), (3, 4, 'c')",
            "INSERT INTO tags VALUES ('x'), ('x'), ('y')",
            "INSERT INTO lines VALUES (1, 1), (2, 3)",
        )
        secret = json.dumps({"url": f"sqlite:///{file}"})
        boto3.client("secretsmanager", REGION).create_secret(
            Name=f"enghub/test/golive/acme/{name}", SecretString=secret
        )
    return tmp_path / "new.db"


def slices(hub: Installation) -> None:
    """Let every command be done; each comes twice."""
    done: set[str] = set()
    while waiting := [one for one in stored.commands("verify_slice") if one["message_id"] not in done]:
        for body in waiting:
            record = {"messageId": "m", "body": json.dumps(body), "attributes": {"ApproximateReceiveCount": "1"}}
            for _ in range(2):
                assert failed(hub.handler("verify_slice")({"Records": [record]}, Context())) == []
            done.add(body["message_id"])


def verified(hub: Installation, go_live: str, wanted: Any = None) -> Any:
    made = hub.data("POST", f"{go_live}/verifications", wanted or WANTED)
    slices(hub)
    return hub.data("GET", f"/verifications/{made['verificationId']}")


def listed(hub: Installation, found: Any) -> list[str]:
    items: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"cursor": cursor} if cursor else None
        page = hub.data("GET", f"/verifications/{found['verificationId']}/differences", query=query)
        items, cursor = items + page["items"], page["cursor"]
    return sorted(f"{one['check']} {one['kind']} {one['table']} {one['key'] or ''}".strip() for one in items)


def test_equal_databases_are_equal(hub: Installation, go_live: str, target: Path) -> None:
    found = verified(hub, go_live)
    assert (found["state"], found["rows"], found["differences"]) == ("EQUAL", 6, {})
    assert [event["data"]["state"] for event in stored.events("MigrationVerified")] == ["EQUAL"]
    assert hub.data("GET", f"{go_live}/verifications")["items"][0] == found


def test_what_differs_is_counted_and_listed_slice_by_slice(
    hub: Installation, go_live: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "of", lambda *_: Budget(0.0, 0.0, monotonic=lambda: 1.0))
    execute(
        target,
        "UPDATE orders SET amount = -1, code = NULL WHERE id = 2",
        "DELETE FROM orders WHERE id = 3",
        "INSERT INTO tags VALUES ('y')",
    )
    found = verified(hub, go_live)
    assert (found["state"], found["slices"]) == ("DIFFERENT", 5)
    assert listed(hub, found) == [
        "accuracy DIFFERENT orders id=2",
        "accuracy DIFFERENT orders id=2",
        "accuracy EXTRA tags y",
        "accuracy MISSING orders id=3",
        "accuracy SUM orders",
        "consistency RULE none negative",
        "counts COUNT orders",
        "counts COUNT tags",
        "integrity NULL orders",
        "integrity ORPHAN lines orders",
    ]
    assert sum(found["differences"].values()) == found["listed"] == 10


def test_what_cannot_be_compared_ends_with_its_reason(hub: Installation, go_live: str, target: Path) -> None:
    found = verified(hub, go_live, {**WANTED, "tables": [{"source": "nowhere"}]})
    assert (found["state"], found["reason"]) == ("FAILED", "there is no table nowhere")
    found = verified(hub, go_live, {**WANTED, "source": "nothing"})
    assert found["state"] == "FAILED"


def test_a_stopped_verification_goes_no_further(hub: Installation, go_live: str, target: Path) -> None:
    made = hub.data("POST", f"{go_live}/verifications", WANTED)
    path = f"/verifications/{made['verificationId']}"
    body = {"reason": "the wrong database"}
    assert [hub.data("POST", f"{path}/stop", body)["state"] for _ in range(2)] == ["FAILED", "FAILED"]
    slices(hub)
    assert hub.data("GET", path)["reason"] == "the wrong database"
    assert hub.refused("POST", f"{path}/stop", {"reason": "again, please"})[0] == 409


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"tables": [], "references": [], "rules": []}, "tables"),
        ({"tables": [{"source": 'a"b'}]}, "tables.0.source"),
        (
            {"references": [{"table": "a", "columns": ["x"], "parent": "b", "parentColumns": ["y", "z"]}]},
            "parentColumns",
        ),
        ({"tables": [{"source": "a", "rules": [{"column": "c", "tolerance": -1}]}]}, "tables.0.rules.0.tolerance"),
    ],
)
def test_what_is_wrong_is_named(hub: Installation, go_live: str, changed: Any, field: str) -> None:
    status, details = hub.refused("POST", f"{go_live}/verifications", {**WANTED, **changed})
    assert status == 400
    assert details["field"].endswith(field)
    assert stored.items("VERIFICATION") == []
