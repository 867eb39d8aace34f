"""What the rest relies on in core/dynamo: one client, all-or-nothing writes, refusals by name, bound cursors."""

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from moto.core.models import botocore_stubber
from pynamodb.attributes import NumberAttribute

from enghub.core import dynamo, transactions
from enghub.core.dynamo import Attr, DecimalAttribute, Record, key
from enghub.core.errors import Conflict, Failed, Invalid, InvalidKey, Unavailable
from enghub.core.sdk import USER_AGENT
from enghub.core.transactions import (
    Check,
    ConditionFailed,
    ItemTooLarge,
    Put,
    PutItem,
    Update,
    absent,
    transact,
)


class Stock(Record):
    ENTITY = "STOCK"
    quantity = DecimalAttribute(null=True)


class Note(Record):
    ENTITY = "NOTE"
    number = NumberAttribute()


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> str:
    return account("mes")


def a_stock(quantity: int = 5, sk: str = "A") -> Stock:
    return Stock(pk=key("T", "acme", "STOCK"), sk=sk, quantity=Decimal(quantity))


PARTS = st.lists(st.text(max_size=10), min_size=1, max_size=6)
"""As many as fit into a key, however much of them has to be escaped."""


@given(PARTS, PARTS)
def test_two_different_lists_of_parts_never_make_one_key(left: list[str], right: list[str]) -> None:
    assert (key(*left) == key(*right)) == (left == right)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**10), max_value=10**10))
def test_a_decimal_survives_storing(value: Decimal) -> None:
    attribute = DecimalAttribute()
    assert attribute.deserialize(attribute.serialize(value)) == value


def test_every_record_class_shares_one_client() -> None:
    Put(a_stock())
    transact(Put(a_stock()), Put(Note(pk="T#acme#NOTE", sk="1", number=1)))
    assert Stock._get_connection() is Note._get_connection()
    assert Stock._get_connection().connection is dynamo.connection()


def test_our_calls_name_us_and_not_the_whole_machine() -> None:
    seen: list[str] = []

    def look(request: Any, **_: Any) -> None:
        seen.append(request.headers["User-Agent"].decode())

    events = dynamo.connection().client.meta.events
    events.register_first("before-send.dynamodb", look)
    dynamo.get("T#acme#STOCK", "A")
    events.unregister("before-send.dynamodb", look)
    assert seen[0].startswith(USER_AGENT)
    assert "os/" not in seen[0]


def test_what_is_stored_comes_back() -> None:
    transact(Put(a_stock(7)))
    stored = Stock.read(a_stock().pk, "A")
    assert stored is not None
    assert (stored.quantity, stored.entity) == (Decimal(7), "STOCK")
    assert Stock.read(a_stock().pk, "B") is None


def test_one_refused_write_keeps_all_others_out() -> None:
    transact(Put(a_stock()))
    with pytest.raises(ConditionFailed):
        transact(Put(a_stock(sk="B")), Put(a_stock(), absent()))
    assert Stock.read(a_stock().pk, "B") is None


def test_a_refused_write_raises_its_own_error_with_the_stored_item() -> None:
    transact(Put(a_stock(3)))

    def refusal(item: Any) -> Exception:
        return Conflict(stored=item["quantity"]["N"])

    write = Update(a_stock(), [Stock.quantity.add(-4)], Stock.quantity >= Decimal(4), refusal)
    with pytest.raises(Conflict) as caught:
        transact(Put(a_stock(sk="B")), write)
    assert caught.value.details == {"stored": "3"}


def test_the_first_refused_write_in_the_callers_order_speaks() -> None:
    transact(Put(a_stock()))
    first = Update(
        a_stock(), [Stock.quantity.set(Decimal(1))], Stock.quantity == Decimal(9), lambda _: Conflict(which=1)
    )
    transact(Put(a_stock(sk="B")))
    second = Put(a_stock(sk="B"), absent(), lambda _: Conflict(which=2))
    check = Check(a_stock().pk, "Z", Record.pk.exists(), lambda _: Conflict(which=3))
    with pytest.raises(Conflict) as caught:
        transact(first, second, check)
    assert caught.value.details == {"which": 1}


def test_a_page_ends_with_a_cursor_that_goes_on() -> None:
    transact(*(Put(a_stock(sk=f"{n:02d}")) for n in range(7)))
    first = Stock.page(a_stock().pk, limit=5)
    second = Stock.page(a_stock().pk, limit=5, cursor=first.cursor)
    assert [item.sk for item in (*first.items, *second.items)] == [f"{n:02d}" for n in range(7)]
    assert second.cursor is None
    assert len(list(Stock.items(a_stock().pk, limit=2))) == 7


def test_a_cursor_of_another_tenant_or_a_broken_one_is_refused() -> None:
    transact(*(Put(a_stock(sk=f"{n}")) for n in range(3)))
    cursor = Stock.page(a_stock().pk, limit=1).cursor
    for other in (cursor, "garbage", "e30="):
        with pytest.raises(Invalid):
            Stock.page(key("T", "globex", "STOCK"), cursor=other)


def test_many_keys_are_read_in_one_call() -> None:
    transact(Put(a_stock(1, "A")), Put(a_stock(2, "B")))
    pk = a_stock().pk
    found = dynamo.read_many([(pk, "A"), (pk, "B"), (pk, "C"), (pk, "A")])
    assert {sk: raw["quantity"]["N"] for (_, sk), raw in found.items()} == {"A": "1", "B": "2"}


def test_a_lost_answer_ends_as_unavailable_and_a_guarded_repeat_does_nothing_twice() -> None:
    """The write happened, its answer did not arrive; the item's own key makes the caller's repeat harmless."""

    def lose_answer(request: Any, **_: Any) -> None:
        botocore_stubber(event_name="before-send.dynamodb.TransactWriteItems", request=request)
        raise ReadTimeoutError(endpoint_url=request.url)

    events = dynamo.connection().client.meta.events
    events.register_first("before-send.dynamodb.TransactWriteItems", lose_answer)
    guarded = Put(Note(pk="T#acme#NOTE", sk="1", number=1), absent(), lambda _: Conflict())
    add = Update(a_stock(), [Stock.quantity.add(1)])
    with pytest.raises((Unavailable, Conflict)):
        transact(guarded, add)
    events.unregister("before-send.dynamodb.TransactWriteItems", lose_answer)
    with pytest.raises(Conflict):
        transact(guarded, add)
    stored = Stock.read(a_stock().pk, "A")
    assert stored is not None
    assert stored.quantity == 1


def test_an_outage_is_reported_as_unavailable() -> None:
    def down(request: Any, **_: Any) -> None:
        raise ReadTimeoutError(endpoint_url=request.url)

    events = dynamo.connection().client.meta.events
    events.register_first("before-send.dynamodb", down)
    with pytest.raises(Unavailable):
        Stock.read("T#acme#STOCK", "A")
    with pytest.raises(Unavailable):
        transact(Put(a_stock()))


@pytest.mark.parametrize(
    "inside",
    [
        {"pk": {"S": "T#acme#STOCK"}},
        {"pk": {"S": "T#acme#STOCK"}, "sk": {"S": ""}},
        {"pk": {"S": "T#acme#STOCK"}, "sk": {"N": "1"}},
        {"pk": {"S": "T#acme#STOCK"}, "sk": {"S": "1"}, "more": {"S": "1"}},
        {"pk": {"S": "T#acme#STOCK"}, "sk": "1"},
        ["pk"],
        7,
    ],
)
def test_a_cursor_whose_inside_is_not_ours_is_refused_before_it_is_asked(inside: Any) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(inside).encode()).decode()
    with pytest.raises(Invalid) as refused:
        Stock.page("T#acme#STOCK", cursor=cursor)
    assert refused.value.details["field"] == "cursor"


def test_an_item_over_400_kb_is_told_with_its_largest_part_and_as_nothing_to_repeat() -> None:
    item = {"pk": {"S": "T#acme#NOTE"}, "sk": {"S": "1"}, "entity": {"S": "NOTE"}, "text": {"S": "短" * 140_000}}
    with pytest.raises(ItemTooLarge) as refused:
        transact(PutItem(item))
    assert (refused.value.status, refused.value.details["field"]) == (413, "text")
    transact(PutItem({**item, "text": {"S": "x"}}))
    with pytest.raises(ItemTooLarge) as refused:
        transact(Update(("T#acme#NOTE", "1"), [Attr("text").set("短" * 140_000), Attr("number").set(1)]))
    assert refused.value.details["field"] == "text"


def test_a_key_that_dynamodb_does_not_take_is_the_callers() -> None:
    with pytest.raises(InvalidKey):
        Stock.read(key("T", "acme", "x" * 3000), "A")
    with pytest.raises(InvalidKey):
        key("T", "acme", "\ud800")
    note = {"pk": {"S": "T#acme#NOTE"}, "sk": {"S": "1"}, "gsi1pk": {"S": "T#acme"}, "entity": {"S": "NOTE"}}
    for name in ("sk", "gsi1sk"):
        with pytest.raises(InvalidKey):
            transact(PutItem({**note, name: {"S": "x" * 1100}}))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_only_a_deployment_mends_is_no_outage(code: str) -> None:
    """A missing permission told as 503 would be tried again for ever."""
    events = dynamo.connection().client.meta.events
    events.register_first("before-send.dynamodb", _refused(code))
    for ask in (
        lambda: Stock.read("T#acme#STOCK", "A"),
        lambda: dynamo.read_many([("T#acme#STOCK", "A")]),
        lambda: Stock.page("T#acme#STOCK"),
        lambda: transact(Put(a_stock())),
    ):
        with pytest.raises(Failed):
            ask()


def test_a_transaction_that_is_still_under_way_is_asked_for_again_as_the_same_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The SDK repeats a request whose answer was late: as another one it would be refused by its own effect."""
    tokens: list[str] = []
    monkeypatch.setattr("enghub.core.transactions.time.sleep", lambda _: None)

    def under_way(request: Any, **more: Any) -> Any:
        tokens.append(json.loads(request.body)["ClientRequestToken"])
        return None if len(tokens) == 5 else _refused("TransactionInProgressException")(request, **more)

    dynamo.connection().client.meta.events.register_first("before-send.dynamodb.TransactWriteItems", under_way)
    transact(Put(a_stock()))
    assert len(tokens) == 5
    assert len(set(tokens)) == 1


def _refused(code: str, **more: Any) -> Callable[..., Any]:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more}

    def answer(request: Any, **_: Any) -> AWSResponse:
        headers = cast("Any", HeadersDict({"x-amzn-errortype": code}))
        return AWSResponse(request.url, 400, headers, cast("Any", _Raw(json.dumps(body).encode())))

    return answer


def _cancelled(*codes: str) -> Callable[..., Any]:
    return _refused("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


class _Raw:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Any:
        yield self.content


@pytest.mark.parametrize(
    ("code", "error", "attempts"),
    [
        ("TransactionConflict", Unavailable, transactions.ATTEMPTS),
        ("ThrottlingError", Unavailable, transactions.ATTEMPTS),
        ("ValidationError", Failed, 1),
    ],
)
def test_a_cancelled_transaction_is_told_apart(
    code: str, error: type[Exception], attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    answer = _cancelled(code)
    monkeypatch.setattr("enghub.core.transactions.time.sleep", lambda _: None)

    def cancelled(request: Any, **more: Any) -> Any:
        calls.append(json.loads(request.body)["ClientRequestToken"])
        return answer(request, **more)

    events = dynamo.connection().client.meta.events
    events.register_first("before-send.dynamodb.TransactWriteItems", cancelled)
    with pytest.raises(error):
        transact(Put(a_stock()))
    events.unregister("before-send.dynamodb.TransactWriteItems", cancelled)
    assert (len(calls), len(set(calls))) == (attempts, attempts)
