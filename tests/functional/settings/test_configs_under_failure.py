"""Answers that get lost, an outage, and many writers at once."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from enghub.core import audit, dynamo
from enghub.settings.configs import model
from enghub.settings.configs.errors import ConfigReferenced, ConfigVersionConflict, ReferenceRefused
from enghub.settings.configs.model import Content
from enghub.settings.configs.service import Edited
from enghub.settings.configs.wiring import configs
from enghub.settings.wiring import config_reader
from tests.factories.http import an_origin
from tests.factories.settings import SESSION_TIMEOUT, an_address, answer
from tests.fakes.one_at_a_time import one_call_at_a_time

WRITE = "before-send.dynamodb.TransactWriteItems"


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")
    config_reader.cache_clear()


@contextmanager
def disturbed(event: str, hook: Callable[..., Any]) -> Iterator[None]:
    events = dynamo.connection().client.meta.events
    events.register_first(event, hook)
    yield
    events.unregister(event, hook)


def lose_answer(request: Any, **_: Any) -> None:
    """Let the write happen, and its answer get lost."""
    botocore_stubber(event_name=WRITE, request=request)
    raise ReadTimeoutError(endpoint_url=request.url)


def refuse_connection(request: Any, **_: Any) -> None:
    raise ReadTimeoutError(endpoint_url=request.url)


def body(found: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(found["body"])
    return read


@pytest.mark.parametrize(
    ("method", "path", "sent", "query"),
    [
        ("POST", "", SESSION_TIMEOUT | {"configKey": "other"}, {}),
        ("PUT", "/session.timeout", {"configValue": "7200", "version": 1}, {}),
        ("PATCH", "/session.timeout", {"configValue": "7200", "version": 1}, {}),
        ("DELETE", "/session.timeout", None, {"version": "1"}),
        ("POST", "/batch", {"configs": [{"configKey": "session.timeout", "configValue": "301", "version": 1}]}, {}),
    ],
)
def test_the_repeat_after_a_lost_answer_is_answered_as_the_first_would_have_been(
    method: str, path: str, sent: Any, query: dict[str, Any]
) -> None:
    answer("POST", body=SESSION_TIMEOUT)
    keyed = {"Idempotency-Key": "k"}
    with disturbed(WRITE, lose_answer):
        lost = answer(method, path, sent, headers=keyed, **query)
    again = answer(method, path, sent, headers=keyed, **query)
    if lost["statusCode"] == 503:
        assert body(lost)["code"] == "50301"
    else:
        assert body(lost)["data"] == body(again)["data"]
    assert again["statusCode"] == (201 if (method, path) == ("POST", "") else 200)
    entries = audit.history("acme", "config/-/tenant/-/session.timeout")
    assert len(entries) == (1 if path == "" else 2)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_without_a_key_may_be_repeated_too(method: str) -> None:
    answer("POST", body=SESSION_TIMEOUT)
    sent = None if method == "DELETE" else {"configValue": "7200", "version": 1}
    query: dict[str, Any] = {"version": "1"} if method == "DELETE" else {}
    with disturbed(WRITE, lose_answer):
        answer(method, "/session.timeout", sent, **query)
    again = answer(method, "/session.timeout", sent, **query)
    assert again["statusCode"] == 200
    assert body(again)["data"]["version"] == 2


def test_an_outage_is_answered_as_such_and_nothing_is_written() -> None:
    with disturbed("before-send.dynamodb", refuse_connection):
        assert body(answer("GET", "/session.timeout"))["code"] == "50301"
        assert body(answer("POST", body=SESSION_TIMEOUT))["code"] == "50301"
    assert answer("GET", "/session.timeout")["statusCode"] == 404


def test_what_was_read_before_an_outage_is_answered_as_stale_and_cannot_be_changed() -> None:
    answer("POST", body=SESSION_TIMEOUT)
    before = body(answer("GET", "/session.timeout"))["data"]
    with disturbed("before-send.dynamodb", refuse_connection):
        found = body(answer("GET", "/session.timeout"))["data"]
        assert body(answer("GET", "/never.read"))["code"] == "50301"
        assert body(answer("PATCH", "/session.timeout", {"configValue": "1"}))["code"] == "50301"
    assert (found["configValue"], found["version"], before["staleSince"]) == ("3600", 1, None)
    assert found["staleSince"] is not None
    assert body(answer("GET", "/session.timeout"))["data"]["staleSince"] is None


def test_of_many_writers_of_one_version_one_wins_and_the_others_get_the_conflict() -> None:
    service, address = configs(), an_address("shared")
    service.create(address, Content(value="0"), an_origin(), "", None)

    def write(number: int) -> int | dict[str, Any]:
        wanted = Edited(address, 1, lambda content: Content(value=str(number)))
        try:
            service.change(wanted, an_origin(user=f"emp-{number}"), "", None)
        except ConfigVersionConflict as error:
            return error.details
        return number

    with one_call_at_a_time(), ThreadPoolExecutor(10) as writers:
        outcomes = list(writers.map(write, range(1, 21)))
    won = [outcome for outcome in outcomes if isinstance(outcome, int)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    assert len(won) == 1
    assert {(details["actual"], details["base"]["configValue"]) for details in lost} == {(2, "0")}
    assert config_reader().detail(address).content.value == str(won[0])
    assert audit.broken_at(audit.history("acme", "config/-/tenant/-/shared")) is None


def test_a_deletion_and_a_new_reference_never_both_happen() -> None:
    service = configs()
    outcomes: Counter[str] = Counter()
    for number in range(10):
        target, source = an_address(f"target{number}"), an_address(f"source{number}")
        service.create(target, Content(value="x"), an_origin(), "", None)

        def delete(target: model.Address = target) -> bool:
            try:
                service.delete(target, 1, an_origin(), "", None)
            except ConfigReferenced:
                return False
            return True

        def refer(source: model.Address = source, target: model.Address = target) -> bool:
            try:
                service.create(source, Content(value=f"${{{target.config_key}}}"), an_origin(), "", None)
            except ReferenceRefused:
                return False
            return True

        with one_call_at_a_time(), ThreadPoolExecutor(2) as both:
            deleted, referred = both.submit(delete), both.submit(refer)
        assert deleted.result() != referred.result()
        outcomes["deleted" if deleted.result() else "referred"] += 1
    assert outcomes.total() == 10
