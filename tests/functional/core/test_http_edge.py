"""The HTTP edge: envelope, errors with the field named, refusals in the audit, replays."""

from decimal import Decimal
from typing import Annotated, Any

import pytest
from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from enghub.core import audit, entrypoints, http, wire
from enghub.core.clock import system_clock
from enghub.core.dynamo import Record, key
from enghub.core.errors import EngHubError, Failed, NotFound, Unavailable
from enghub.core.idempotency import puts
from enghub.core.rights import Right
from enghub.core.transactions import Put, absent, transact
from tests.factories.http import a_principal, a_request, invoke


class Order(wire.Request):
    order_number: wire.Code
    quantity: wire.Quantity
    rush: wire.Flag = False
    due_at: wire.Instant | None = None


class Stored(wire.Response):
    order_number: str
    quantity: wire.Quantity


CREATE = Right("order:create", roles=("TESTER",), of_factory=True)
READ = Right("order:read", roles=("TESTER",), of_factory=True)


@pytest.fixture
def handler(account: Any) -> Any:
    account("mes")
    app = http.resolver(max_body_bytes=2_000)

    @app.post("/orders", right=CREATE, key="optional", status_code=201)
    def create(order: Order) -> Stored:
        call = http.call(app)
        stored = Stored(order_number=order.order_number, quantity=order.quantity)
        claim = call.claim(lambda created: created)
        record = Record(pk=key("T", call.principal.tenant_id, order.order_number), sk="ORDER")
        transact(*puts(claim, stored), Put(record, absent()))
        return stored

    @app.get("/orders/<number>", right=READ)
    def read(number: str) -> Stored:
        raise NotFound(resource=f"order {number}")

    @app.post("/orders/<number>/crash", right=CREATE)
    def crash(number: str) -> Stored:
        raise RuntimeError("boom")

    return entrypoints.http(app)


CALLER = a_principal("order:create", "order:read")
ORDER = {"orderNumber": "A-1", "quantity": 12.5}


def post(handler: Any, body: Any, caller: Any = CALLER, **headers: str) -> tuple[int, dict[str, Any]]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return invoke(handler, a_request("POST", "/orders", body, caller=caller, headers=sent))


def test_an_answer_is_wrapped_in_the_envelope(handler: Any) -> None:
    status, body = post(handler, ORDER)
    assert status == 201
    assert body["data"] == {"orderNumber": "A-1", "quantity": 12.5}
    assert (body["success"], body["code"], body["requestId"]) == (True, "201", "req-1")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quantity": 1}, "orderNumber"),
        ({**ORDER, "quantity": True}, "quantity"),
        ({**ORDER, "quantity": "12"}, "quantity"),
        ({**ORDER, "quantity": -1}, "quantity"),
        ({**ORDER, "quantity": 1.00001}, "quantity"),
        ({**ORDER, "rush": "yes"}, "rush"),
        ({**ORDER, "dueAt": "2026-03-02T08:00:00"}, "dueAt"),
        ({**ORDER, "dueAt": 5}, "dueAt"),
        ({**ORDER, "colour": "red"}, "colour"),
        ({**ORDER, "orderNumber": ""}, "orderNumber"),
        ('{"orderNumber": "\\ud800", "quantity": 1}', "orderNumber"),
        ('{"orderNumber": "A", "quantity": NaN}', "body"),
        ('{"quantity": 1, "quantity": 2, "orderNumber": "A"}', "body"),
        ("{", "body"),
        ("[" * 1500, "body"),
        ("[]", "body"),
        ("null", "body"),
        ('{"orderNumber": "A", "quantity": 1e999999999}', "body"),
        ('{"orderNumber": "A", "quantity": -1e-999999999}', "body"),
        ('{"orderNumber": "A", "quantity": 1e99999999999999999999999}', "body"),
        ('{"orderNumber": "A", "quantity": 0.' + "1" * 1_000 + "e99}", "body"),
        ('{"orderNumber": "A", "quantity": 1' + "0" * 1_500 + "}", "body"),
        ('{"orderNumber": ' + "[" * 65 + "]" * 65 + "}", "body"),
        ({**ORDER, "dueAt": "0001-01-01T00:00:00+08:00"}, "dueAt"),
        ({**ORDER, "dueAt": "9999-12-31T23:59:59Z"}, "dueAt"),
    ],
)
def test_bad_input_is_refused_and_the_field_is_named(handler: Any, body: Any, field: str) -> None:
    status, answer = post(handler, body)
    assert (status, answer["code"]) == (400, "40001")
    assert answer["details"]["field"].startswith(field) or field == "body"
    assert Record.read(key("T", "acme", "A-1"), "ORDER") is None


def test_an_oversized_body_is_refused(handler: Any) -> None:
    status, answer = post(handler, {**ORDER, "orderNumber": "A" * 3_000})
    assert (status, answer["details"]) == (413, {"error": "TOO_LARGE", "limitBytes": 2_000})


def test_a_compressed_body_is_refused_as_such(handler: Any) -> None:
    status, answer = post(handler, ORDER, Content_Encoding="gzip")
    assert (status, answer["code"]) == (415, "41501")


@pytest.mark.parametrize("number", ["A" * 3_000, "a\nb", "\ud800", "\u200b"])
def test_an_id_that_nothing_can_have_is_refused(handler: Any, number: str) -> None:
    status, answer = invoke(handler, a_request("GET", f"/orders/{number}", caller=CALLER))
    assert (status, answer["code"], answer["details"]["field"]) == (400, "40002", "number")


@pytest.mark.parametrize("number", ['a"b', "a\\b", "a`b", "a#b", "ä", "订单"])
def test_an_id_may_hold_any_printable_character(handler: Any, number: str) -> None:
    status, answer = invoke(handler, a_request("GET", f"/orders/{number}", caller=CALLER))
    assert (status, answer["success"], answer["message"]) == (404, False, f"order {number} does not exist")


def test_an_unknown_address_is_told_in_one_envelope(handler: Any) -> None:
    status, answer = invoke(handler, a_request("GET", "/orders/1/2/3", caller=CALLER))
    assert (status, answer["code"], answer["success"]) == (404, "40401", False)
    assert "data" not in answer


def test_an_unknown_parameter_of_the_query_is_named_with_those_there_are(handler: Any) -> None:
    status, answer = invoke(handler, a_request("GET", "/orders/9", caller=CALLER, query={"colour": "red"}))
    assert (status, answer["details"]["field"]) == (400, "colour")
    assert answer["message"] == "colour is not valid: this route has no such parameter; it takes none"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"quantity": 1}, "orderNumber 无效：必须填写"),
        ({**ORDER, "quantity": -1}, "quantity 无效：必须大于或等于 0"),
        ({**ORDER, "orderNumber": None}, "orderNumber 无效：不能为空：请填写值，或不提交该字段以保持不变"),
        ({**ORDER, "orderNumber": "-"}, "orderNumber 无效：以字母或数字开头，其后为字母、数字或 . _ : / -"),
        ({**ORDER, "dueAt": "soon"}, "dueAt 无效：请填写带时区偏移的 ISO 8601 时间"),
        ('{"quantity": 1e999, "orderNumber": "A"}', "body 无效：数字超过 38 位或指数超出 ±125"),
    ],
)
def test_a_problem_is_told_in_one_language(handler: Any, body: Any, message: str) -> None:
    assert post(handler, body, Accept_Language="zh-CN")[1]["message"] == message


@pytest.mark.parametrize("content_type", ["text/xml", "multipart/form-data", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused(handler: Any, content_type: str) -> None:
    event = a_request("POST", "/orders", ORDER, caller=CALLER)
    event["headers"] = {"content-type": content_type}
    status, answer = invoke(handler, event)
    assert (status, answer["code"]) == (415, "41501")


def test_a_missing_permission_is_refused_and_kept_in_the_audit(handler: Any) -> None:
    status, answer = post(handler, ORDER, caller=a_principal("order:read", user="mallory"))
    assert (status, answer["code"], answer["details"]["permission"]) == (403, "40301", "order:create")
    (refusal,) = audit.refusals("acme", system_clock().strftime("%Y-%m-%d"))
    assert (refusal.user_id, refusal.error, refusal.path) == ("mallory", "FORBIDDEN", "/orders")


@pytest.mark.parametrize("body", ["{", {"colour": "red"}, "[" * 1500, "A" * 3_000])
def test_who_may_not_call_learns_nothing_about_the_body(handler: Any, body: Any) -> None:
    status, answer = post(handler, body, caller=a_principal("order:read", user="mallory"))
    assert (status, answer["code"]) == (403, "40301")
    assert set(answer["details"]) == {"error", "permission"}
    assert [one.user_id for one in audit.refusals("acme", system_clock().strftime("%Y-%m-%d"))] == ["mallory"]


@pytest.mark.parametrize("asked", [None, "order:create"])
def test_a_route_of_several_rights_asks_for_the_exact_one(account: Any, asked: str | None) -> None:
    account("mes")
    app = http.resolver()

    @app.get("/orders/<number>", right=(READ, CREATE))
    def read(number: str) -> Stored:
        call = http.call(app)
        if asked:
            call.require(CREATE)
        return Stored(order_number=number, quantity=Decimal(1))

    def status(*permissions: str) -> int:
        return invoke(entrypoints.http(app), a_request("GET", "/orders/9", caller=a_principal(*permissions)))[0]

    assert status("order:delete") == 403
    assert status("order:read") == (403 if asked else 500)
    assert status("order:create") == (200 if asked else 500)


def test_a_route_does_not_read_headers_as_parameters(account: Any) -> None:
    account("mes")
    app = http.resolver()

    @app.get("/orders", right=READ)
    def read(agent: Annotated[str, Header(alias="user-agent")]) -> Stored:
        return Stored(order_number=agent, quantity=Decimal(1))

    status, body = invoke(entrypoints.http(app), a_request("GET", "/orders", caller=CALLER))
    assert (status, body["code"]) == (500, "50001")


@pytest.mark.parametrize(
    ("query", "found"),
    [({}, "none, 1"), ({"name": "a,b"}, "a,b, 1"), ({"name": "a", "size": "7"}, "a, 7"), ({"size": "x"}, None)],
)
def test_a_query_is_read_by_its_parameters(account: Any, query: dict[str, str], found: str | None) -> None:
    account("mes")
    app = http.resolver()

    @app.get("/orders", right=READ)
    def read(name: Annotated[str, Query()] = "none", size: Annotated[int, Query(ge=1)] = 1) -> Stored:
        return Stored(order_number=f"{name}, {size}", quantity=Decimal(1))

    status, body = invoke(entrypoints.http(app), a_request("GET", "/orders", caller=CALLER, query=query))
    if found is None:
        assert (status, body["details"]["field"]) == (400, "size")
    else:
        assert body["data"]["orderNumber"] == found


def test_a_route_without_a_right_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="why it is public"):
        http.resolver().get("/orders")


def test_a_request_that_did_not_pass_the_authorizer_is_refused(handler: Any) -> None:
    assert post(handler, ORDER, caller=None)[0] == 401


def test_a_factory_that_is_not_the_callers_is_refused(handler: Any) -> None:
    assert post(handler, ORDER, X_Factory_Id="bj-01")[0] == 403


def test_an_unknown_thing_is_not_found(handler: Any) -> None:
    status, answer = invoke(handler, a_request("GET", "/orders/9", caller=CALLER))
    assert (status, answer["code"], answer["message"]) == (404, "40401", "order 9 does not exist")


def test_messages_come_in_chinese_when_asked(handler: Any) -> None:
    event = a_request("GET", "/orders/9", caller=CALLER, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert invoke(handler, event)[1]["message"] == "order 9 不存在"


def test_a_fault_of_ours_shows_nothing_of_its_inside(handler: Any) -> None:
    status, answer = invoke(handler, a_request("POST", "/orders/1/crash", caller=CALLER))
    assert (status, answer["code"]) == (500, "50001")
    assert "boom" not in str(answer)


@pytest.mark.parametrize("error", [Failed, Unavailable])
def test_the_log_names_the_cause_that_the_answer_hides(
    error: type[EngHubError], handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr("enghub.core.http.logger.error", lambda *_, exc_info: told.append(exc_info.__cause__))
    cause = TimeoutError("the table")

    def fail(_: Any) -> Any:
        raise error from cause

    monkeypatch.setattr(http.Call, "claim", lambda *_: fail(_))
    assert post(handler, ORDER)[0] == error.status
    assert told == [cause]


def test_the_same_key_and_body_get_the_first_answer_again(handler: Any) -> None:
    first = post(handler, ORDER, Idempotency_Key="k1")
    again = post(handler, ORDER, Idempotency_Key="k1")
    assert first[0] == again[0] == 201
    assert first[1]["data"] == again[1]["data"]


def test_the_same_key_with_another_body_is_a_conflict(handler: Any) -> None:
    post(handler, ORDER, Idempotency_Key="k1")
    status, answer = post(handler, {**ORDER, "quantity": 13}, Idempotency_Key="k1")
    assert (status, answer["details"]["error"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    "again",
    [
        '{"quantity": 12.50, "orderNumber": "A-1"}',
        {**ORDER, "rush": False},
        {**ORDER, "dueAt": None},
    ],
)
def test_the_same_request_written_otherwise_is_the_same_request(handler: Any, again: Any) -> None:
    first = post(handler, ORDER, Idempotency_Key="k1")
    assert post(handler, again, Idempotency_Key="k1")[1]["data"] == first[1]["data"]


def test_a_key_belongs_to_one_user_in_one_factory(handler: Any) -> None:
    caller = a_principal("order:create", factories=("sh-01", "sh-02"))
    assert post(handler, ORDER, caller, Idempotency_Key="k1", X_Factory_Id="sh-01")[0] == 201
    other = {**ORDER, "orderNumber": "A-2"}
    assert post(handler, other, caller, Idempotency_Key="k1", X_Factory_Id="sh-02")[0] == 201
    assert (
        post(handler, {**ORDER, "orderNumber": "A-3"}, a_principal("order:create", user="emp-2"), Idempotency_Key="k1")[
            0
        ]
        == 201
    )


def test_the_same_key_on_another_version_is_another_request(handler: Any) -> None:
    post(handler, ORDER, Idempotency_Key="k1", If_Match='"v1"')
    status, answer = post(handler, ORDER, Idempotency_Key="k1", If_Match='"v3"')
    assert (status, answer["details"]["error"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_the_same_key_of_another_tenant_is_another_key(handler: Any) -> None:
    post(handler, ORDER, Idempotency_Key="k1")
    assert post(handler, ORDER, caller=a_principal("order:create", tenant="globex"), Idempotency_Key="k1")[0] == 201
