"""One event, every channel: mail by SES and SMTP, a signed webhook, a topic, three robots; two languages (CFG-17)."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest

from enghub.core import config
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.network import Network
from enghub.notices import wiring
from tests.factories.notices import requested
from tests.fakes.mail_server import Mailbox, mail_server
from tests.functional.notices.conftest import Notices
from tests.functional.notices.test_delivering import mails
from tests.unit.kit.outbound.servers import LOCAL, Server, answering, http, serving

ROBOTS = {"dingtalk": b'{"errcode": 0}', "wecom": b'{"errcode": 0}', "feishu": b'{"code": 0}', "webhook": b""}


class World:
    """Every receiver there is."""

    def __init__(self, servers: dict[str, Server], box: Mailbox, port: int) -> None:
        self.servers = servers
        self.box = box
        self.port = port

    def body(self, kind: str) -> dict[str, Any]:
        (asked,) = self.servers[kind].asked
        found: dict[str, Any] = json.loads(asked.partition(b"\r\n\r\n")[2])
        return found


@pytest.fixture
def world(notices: Notices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    box = Mailbox()
    topic = boto3.client("sns").create_topic(Name="ops")["TopicArn"]
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(serving(answering(http("200 OK", say)))) for kind, say in ROBOTS.items()}
        port, trusts = stack.enter_context(mail_server(box, tmp_path))
        network = Network(resolve=lambda _, __: ["127.0.0.1"], tls=lambda: trusts)
        monkeypatch.setattr(wiring, "Outbound", lambda _, **rest: Outbound(LOCAL, network, **rest))
        monkeypatch.setenv("NOTICE_TOPICS", topic)
        config.load.cache_clear()
        wiring.senders.cache_clear()
        for kind, server in servers.items():
            notices.data("PUT", f"/channels/{kind}", {"name": kind, "kind": kind, "language": "zh"})
            notices.store_secret(
                f"notices/acme/{kind}", url=server.url(f"{kind}.example"), secret="s", webhookSecrets=["s"]
            )
        notices.data("PUT", "/channels/topic", {"name": "topic", "kind": "sns", "topicArn": topic, "language": "en"})
        notices.data("PUT", "/channels/office", {"name": "Office", "kind": "smtp"})
        login = {"username": "hub", "password": "right", "sender": "hub@example.com"}
        notices.store_secret("notices/acme/office", host="mail.example", port=port, **login)
        yield World(servers, box, port)


def test_one_event_reaches_people_and_programs_by_every_channel(notices: Notices, world: World) -> None:
    notices.data("PUT", "/contacts/ada", {"name": "Ada", "email": "ada@example.com", "language": "zh"})
    by_server = {"name": "Office", "noticeTypes": ["*"], "channels": ["office"], "emails": ["bob@example.com"]}
    notices.data("PUT", "/rules/office", by_server)
    rest = {"name": "All", "noticeTypes": ["upgrade.*"], "channels": [*ROBOTS, "topic", "email"], "users": ["ada"]}
    notices.data("PUT", "/rules/all", rest)
    topic = boto3.client("sqs").create_queue(QueueName="ear")["QueueUrl"]
    known = boto3.client("sqs").get_queue_attributes(QueueUrl=topic, AttributeNames=["QueueArn"])
    (sns,) = boto3.client("sns").list_topics()["Topics"]
    boto3.client("sns").subscribe(TopicArn=sns["TopicArn"], Protocol="sqs", Endpoint=known["Attributes"]["QueueArn"])

    assert notices.ask(requested(links={"Dashboard": "https://hub.example.com/d"})) == []
    assert notices.deliver() == []
    everywhere = [*rest["channels"], "office"]
    assert {one["channelId"]: one["state"] for one in notices.log()} == dict.fromkeys(everywhere, "SENT")

    assert mails()["ada@example.com"].subject == "[EngHub] EU (prod): 2.16.4 → 2.16.5 升级失败"
    ((recipients, mail),) = world.box.mails
    assert recipients == ["bob@example.com"]
    assert b"Auto-Submitted: auto-generated" in mail
    assert "升级: EU" in world.body("dingtalk")["markdown"]["text"]
    assert world.body("wecom")["markdown"]["content"].endswith("Dashboard: https://hub.example.com/d")
    assert world.body("feishu")["content"]["post"]["zh_cn"]["title"].endswith("升级失败")
    hooked = world.body("webhook")
    assert (hooked["type"], hooked["severity"], hooked["facts"]["problem"]) == (
        "upgrade.failed",
        "WARNING",
        "disk full",
    )
    (told,) = boto3.client("sqs").receive_message(QueueUrl=topic)["Messages"]
    assert "Upgrade: EU (prod): 2.16.4 → 2.16.5: failed" in json.loads(told["Body"])["Message"]


def test_a_recipient_whom_the_mail_server_refuses_keeps_nobody_waiting(notices: Notices, world: World) -> None:
    world.box.answers = {"gone@example.com": "550 no such user", "busy@example.com": "451 grey-listed"}
    emails = ["gone@example.com", "busy@example.com", "fine@example.com"]
    notices.data("PUT", "/rules/office", {"name": "O", "noticeTypes": ["*"], "channels": ["office"], "emails": emails})
    notices.ask(requested())
    notices.deliver()
    found = {one["recipient"][0]: (one["state"], one["reason"]) for one in notices.log()}
    assert found["g"] == ("PARKED", "the mail server refuses the recipient with 550")
    assert found["b"] == ("PENDING", "the mail server refuses the recipient with 451")
    assert found["f"] == ("SENT", None)
