"""Messages of a broker, from the bridge or Amazon MQ, into the same pipeline as everything else (PLM-25)."""

import base64
import json
from typing import Any

import pytest

from enghub.core import limits
from enghub.core.errors import RateLimited
from enghub.plm.gateways import broker
from enghub.sandbox.plm import catalogue
from enghub.sandbox.plm.scenario import Scenario
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import a_record, call, handler
from tests.factories.stored import commands, emptied, items, products_hash
from tests.fakes.plm_server import PlmServer
from tests.fakes.soap_server import SoapServer
from tests.functional.plm.test_files import bucket, rules, taken
from tests.functional.plm.test_mappings import NAMES, PROOF, activated, fresh
from tests.functional.plm.test_soap import servers, synced
from tests.functional.plm.test_sync import executed, report
from tests.unit.plm.test_file_reading import in_csv, in_xml

__all__ = ["bucket", "fresh", "servers"]
BRIDGE = a_principal("plm_message:send", user="bridge-1")
PATH = "/api/v1/plm/connections/default/messages"


@pytest.fixture(autouse=True)
def receiving(bucket: Any) -> None:
    """Build what receives for this test's bucket, with no messages counted yet."""
    broker.receiving.cache_clear()
    limits.forget()


def message(content: Any, name: str = "", **more: Any) -> dict[str, Any]:
    data = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    return {"messageId": name, "data": base64.b64encode(data).decode(), **more}


def sent(*messages: dict[str, Any], caller: Any = BRIDGE, path: str = PATH) -> tuple[int, dict[str, Any]]:
    return call("start_sync", a_request("POST", path, {"messages": list(messages)}, caller=caller))


def landed(*messages: dict[str, Any]) -> dict[str, Any]:
    """Bring messages and do what then happens by itself; returns the report of their run."""
    status, body = sent(*messages)
    assert status == 202, body
    executed(body["data"]["runId"])
    return report(body["data"]["runId"])


def delivered(*messages: dict[str, Any], queue: str = "plm-products::/") -> Any:
    """Deliver messages as Amazon MQ's event source does."""
    found = [
        {
            "basicProperties": {"messageId": one["messageId"] or None},
            "redelivered": one.get("redelivered", False),
            "data": one["data"],
        }
        for one in messages
    ]
    return handler("take_broker_messages")({"rmqMessagesByQueue": {queue: found}}, Context())


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLM_QUEUES", json.dumps({"plm-products::/": "default"}))


def test_the_same_source_by_rest_soap_csv_xml_and_amqp_gives_the_same_products(
    bucket: Any, servers: tuple[PlmServer, SoapServer], queues: None
) -> None:
    """Must show 9."""
    servers[0].scenario = servers[1].scenario = Scenario(products=120)
    records = [catalogue.record(number) for number in range(120)]
    hashes, counts = {}, {}

    def kept(name: str, data: dict[str, Any]) -> None:
        counts[name], hashes[name] = data["records"], products_hash()
        emptied()

    kept("REST", synced("default"))
    kept("SOAP", synced("soap"))
    kept("CSV", taken(bucket, in_csv(*records), "a.csv"))
    kept("XML", taken(bucket, in_xml(*records), "d.xml"))
    kept("AMQP", landed(*(message(one) for one in records)))
    runs = delivered(*(message(one) for one in records[:60]), message({"items": records[60:]}))["runs"]
    executed(runs[0])
    kept("Amazon MQ", report(runs[0]))
    assert len(set(hashes.values())) == 1, hashes
    assert all(one == counts["REST"] for one in counts.values()), counts
    assert counts["REST"]["created"] > 110


def test_one_bad_message_holds_up_nobody_and_is_told_by_its_name(queues: None) -> None:
    good = [message(a_record(number), f"m-{number}") for number in (1, 2)]
    bad = [
        message(b"\xff\xfe", "no-utf-8"),
        message(b"{broken", "no-json"),
        message(b"", "empty"),
        message(b"[1, 2]", "no-object"),
        message(b'{"objectId": "a", "objectId": "b"}', "twice"),
        message(a_record(3, unit=7), "a-number"),
        message(a_record(4, productName="x" * 140_000), "too-long"),
        message(a_record(5, productName=""), "nameless"),
        message(a_record(6, productName="=1+1"), "a-formula"),
    ]
    data = landed(good[0], *bad, good[1])
    assert data["records"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 10}
    told = {one["place"].partition(",")[0]: one["reason"] for one in data["rejected"]}
    assert told == {
        "message no-utf-8": "UNREADABLE",
        "message no-json": "UNREADABLE",
        "message empty": "UNREADABLE",
        "message no-object": "UNREADABLE",
        "message twice": "TWICE",
        "message a-number": "NOT_TEXT",
        "message too-long": "TOO_LONG",
        "message nameless": "REQUIRED",
        "message a-formula": "FORMULA",
    }
    assert len(delivered(*bad)["runs"]) == 1, "Amazon MQ is told that they are taken, and sends none again"


def test_messages_that_come_again_late_or_in_another_order_change_nothing(queues: None) -> None:
    older = message(a_record(1, productName="Older", updatedAt="2026-03-01T07:00:00Z"), "m-1")
    newer = message(a_record(1, productName="Newer"), "m-2")
    data = landed(newer, older)
    assert (data["trigger"], data["mode"], len(items("PRODUCT"))) == ("BROKER", "INCREMENTAL", 1)
    before = products_hash()
    assert sent(newer, older)[1]["data"]["runId"] == data["runId"], "the very same messages are the same run"
    assert len(commands("launch_sync")) == 1
    again = landed({**newer, "redelivered": True}, message(a_record(2), "m-3"))
    assert (again["records"]["created"], again["records"]["unchanged"]) == (1, 1)
    late = landed({**older, "redelivered": True})
    assert late["records"]["unchanged"] == 1
    assert [one["name"] for one in items("PRODUCT") if one["pk"].endswith("0001")] == ["Newer"]
    assert before != products_hash()
    assert items("WATERMARK") == []


def test_each_connection_has_its_messages_a_minute(queues: None) -> None:
    rules(messagesPerMinute=10)
    many = [message(a_record(number), f"m-{number}") for number in range(8)]
    assert sent(*many)[0] == 202
    status, body = sent(*(message(a_record(n), f"n-{n}") for n in range(8)))
    assert (status, body["details"]["error"]) == (429, "RATE_LIMITED")
    with pytest.raises(RateLimited):
        delivered(*(message(a_record(n), f"n-{n}") for n in range(8)))
    assert len(items("SYNC_RUN")) == 1
    limits.forget()
    status, _ = sent(*(message(a_record(n), f"n-{n}") for n in range(8)))
    assert status == 429, "what another function counted counts, too"
    assert sent(*many[:2])[0] == 202


def test_messages_are_mapped_by_the_rules_of_their_connection(queues: None) -> None:
    activated(NAMES, [PROOF])
    record = a_record(1)
    foreign = {**record, "料号": "sns-4000-0001", "title": "Sensor", "state": "已发布"}
    for name in ("productCode", "productName", "lifecycleState", "mappingType"):
        del foreign[name]
    data = landed(message(foreign, "m-1"), message(record, "m-2"))
    assert (data["mappingVersion"], data["records"]["created"]) == (1, 1)
    assert [one["reason"] for one in data["rejected"]] == ["NO_MEMBER"]


def test_boms_come_by_messages_as_well(queues: None) -> None:
    lines = [{"component": "R-1", "quantity": "2"}, {"component": "C-1", "quantity": "0.5", "isFitted": "false"}]
    data = landed(message({**a_record(1), "bomLines": lines}, "m-1"), message({**a_record(2), "bomLines": [1]}, "m-2"))
    assert data["boms"] == {"written": 1, "unchanged": 0}
    assert [one["field"] for one in data["rejected"]] == ["bomLines"]
    part = message({**a_record(3), "bomLines": []}, "m-3")
    newer = {"updatedAt": "2026-03-02T08:00:00Z"}
    data = landed(message({**a_record(1), **newer, "bomLines": []}, "m-4"), part, message(a_record(2), "m-5"))
    assert data["boms"]["written"] == 1, "no lines any more is said by an empty list, nothing by saying nothing"
    assert [one["lines"] for one in items("BOM")] == ["[]"]


def test_who_may_not_send_and_what_is_no_message(queues: None) -> None:
    assert sent(message({}), caller=a_principal("sync:start"))[0] == 403
    stranger = a_principal("plm_message:send", tenant="globex")
    assert sent(message({}), caller=stranger)[0] == 404
    status, body = sent({"messageId": "x", "data": "no base 64!"})
    assert (status, body["details"]["field"]) == (400, "messages.0.data")
    with pytest.raises(KeyError):
        delivered(message({}), queue="other::/")
