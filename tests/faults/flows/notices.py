"""Planning a notice, sending it, sending it again by hand, acknowledging it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.commits import Commit
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested
from enghub.notices import wiring
from enghub.notices.channels.model import Kind
from enghub.notices.deliveries.dynamo import DynamoDeliveries
from enghub.notices.deliveries.message import Message, Secret
from enghub.notices.deliveries.model import LEASE, State
from enghub.notices.deliveries.service import Courier
from enghub.notices.rules.model import Digest
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request
from tests.factories.notices import a_channel, a_rule, ada, bob, hook_at, requested
from tests.factories.queues import a_batch, failed
from tests.faults.harness import Flow, register

EVENT = "01KK6D3Q4P0A1B2C3D4E5F6G21"
ADMIN = a_principal("notice:manage", "notice:acknowledge", user="admin")
SENT: list[str] = []
"""The ids of the messages that left; emptied by `around`."""


@contextmanager
def recording() -> Iterator[None]:
    """Hold the senders: what is sent is noted, and nothing leaves."""
    SENT.clear()

    def send(message: Message, _: Secret) -> None:
        SENT.append(message.message_id)

    whole = wiring.senders
    wiring.senders = lambda: dict.fromkeys(Kind, send)  # type: ignore[assignment]
    try:
        yield
    finally:
        wiring.senders = whole


@dataclass
class Tenant:
    """Two planners, a webhook, and an event that asks to tell them."""

    event: dict[str, Any]
    handlers: dict[str, Any] = field(default_factory=dict)

    def handler(self, name: str) -> Any:
        if name not in self.handlers:
            self.handlers[name] = load_handler("notices", name)
        return self.handlers[name]

    def plan(self) -> list[str]:
        return failed(self.handler("plan_notice")(a_batch(self.event), Context()))

    def deliver(self) -> list[str]:
        again: list[str] = []
        for number, body in enumerate(stored.commands("deliver_notice")):
            record: dict[str, Any] = {"messageId": f"m{number}", "body": json.dumps(body)}
            record |= {"attributes": {"ApproximateReceiveCount": "1"}}
            again += failed(self.handler("deliver_notice")({"Records": [record]}, Context()))
        return again

    def deliveries(self) -> list[dict[str, Any]]:
        return stored.items("NOTICE_DELIVERY")

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        event = a_request("POST", f"/api/v1/notices{path}", body, caller=ADMIN)
        answer = self.handler("control_deliveries")(event, Context())
        return answer["statusCode"], json.loads(answer["body"])


def tenant(asked: NoticeRequested | None = None, digest: Digest | None = None) -> Tenant:
    now = system_clock()
    origin = Origin("acme", "", "admin", now, "req-0")
    wiring.contacts().put("ada", ada(), None, origin)
    wiring.contacts().put("bob", bob(), None, origin)
    wiring.channels().put("ops", a_channel(Kind.WEBHOOK), None, origin)
    wiring.rules().put("planners", a_rule(channels=("ops", "email"), digest=digest), None, origin)
    data = (asked or requested()).model_dump(mode="json")
    event = Envelope(EVENT, "NoticeRequested", now, "acme", "", "enghub.upgrade", data)
    return Tenant(json.loads(event.to_json()))


def planned_one() -> Tenant:
    found = tenant()
    assert found.plan() == []
    return found


def three_were_planned(found: Tenant) -> None:
    assert len(found.deliveries()) == 3
    assert len(stored.commands("deliver_notice")) == 3
    assert len({command["payload"]["deliveryId"] for command in stored.commands("deliver_notice")}) == 3


def sweep(found: Tenant) -> None:
    """Let the lease of a lost sender end."""
    courier = Courier(
        repository=DynamoDeliveries(),
        senders=wiring.senders(),
        channel=wiring.channel,
        secret=wiring.secret,
        texts=wiring.texts,
        acknowledge_url=wiring.acknowledge_url,
        clock=lambda: system_clock() + 2 * LEASE,
    )
    for item in found.deliveries():
        courier.deliver("acme", item["delivery_id"])


def everybody_heard(found: Tenant) -> None:
    assert [item["state"] for item in found.deliveries()] == ["SENT"] * 3
    assert set(SENT) == {item["delivery_id"] for item in found.deliveries()}
    assert len(SENT) <= 4, "at most the one that was under way goes twice"


def parked() -> Tenant:
    found = tenant(requested(addresses=hook_at("https://h.example.com/")))
    assert found.plan() == []
    store = DynamoDeliveries()
    for item in found.deliveries():
        kept = store.get("acme", item["delivery_id"])
        assert kept is not None
        is_hook = bool(kept.value.signed_by)
        aside = replace(kept.value, state=State.DISCARDED, next_at=None)
        after = kept.value.parked("it answers 503") if is_hook else aside
        store.save(Commit(Origin("acme", "", "notices", system_clock(), "req-0"), "", after, kept))
    return found


def redrive(found: Tenant) -> tuple[int, Any]:
    (one,) = [item for item in found.deliveries() if item["signed_by"]]
    return found.post(f"/deliveries/{one['delivery_id']}/redrive")


def collecting() -> Tenant:
    return tenant(requested(digestable=True), Digest("08:00", "Asia/Shanghai"))


def all_collected(found: Tenant) -> None:
    by_type = sorted((item["notice_type"], item["state"]) for item in found.deliveries())
    assert by_type == [("notices.digest", "PENDING")] * 3 + [("upgrade.failed", "COLLECTED")] * 3


def acknowledged_once(_: Tenant) -> None:
    assert len(stored.events("NoticeAcknowledged")) == 1


register(Flow("plan a notice", "notices", tenant, Tenant.plan, must=three_were_planned))
register(Flow("plan a notice for digests", "notices", collecting, Tenant.plan, must=all_collected))
register(
    Flow(
        "send a notice",
        "notices",
        planned_one,
        Tenant.deliver,
        settle=sweep,
        must=everybody_heard,
        counts=frozenset({"revision"}),
        around=recording,
    )
)
register(Flow("send a parked notice again", "notices", parked, redrive, also=422))
register(
    Flow(
        "acknowledge a notice",
        "notices",
        planned_one,
        lambda found: found.post(f"/sent/{EVENT}/acknowledge"),
        must=acknowledged_once,
    )
)
