"""Every channel against a server that speaks its language: mail, webhooks, robots (CFG-17)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller

from enghub.kit.outbound.addresses import Policy
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.network import Network
from enghub.notices.deliveries.errors import Delayed, Refused
from enghub.notices.deliveries.message import Message
from enghub.notices.gateways import robots
from enghub.notices.gateways.robots import Dialect, Robot, cut, dingtalk_sign, feishu_sign
from enghub.notices.gateways.smtp import Smtp, compose
from enghub.notices.gateways.webhooks import Webhooks
from tests.fakes.mail_server import Mailbox, free_port, mail_server
from tests.unit.kit.outbound.servers import LOCAL, Server, answering, dripping, http, leading_to, serving

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
MESSAGE = Message("f00d", "ada@example.com", "升级失败", "Upgrade: failed\n升级失败", '{"id": "f00d"}', NOW)
SENDER = "hub@example.com"


# --- mail ------------------------------------------------------------------------------------------------------------


@dataclass
class MailServer:
    """A real server, with STARTTLS and a login before anything else."""

    port: int
    box: Mailbox
    smtp: Smtp

    def send(self, message: Message = MESSAGE, **changed: Any) -> None:
        secret = {"host": "mail.example", "port": self.port, "username": "hub", "password": "right", "sender": SENDER}
        self.smtp.send(message, {**secret, **changed})


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    box = Mailbox()
    with mail_server(box, tmp_path) as (port, trusts):
        out = Outbound(LOCAL, Network(resolve=lambda _, __: ["127.0.0.1"], tls=lambda: trusts))
        yield MailServer(port, box, Smtp(out, seconds=10))


def test_a_mail_goes_over_starttls_after_a_login_and_says_what_it_is(mail: MailServer) -> None:
    mail.send()
    ((recipients, content),) = mail.box.mails
    assert recipients == ["ada@example.com"]
    text = content.decode()
    assert "Message-ID: <f00d@example.com>" in text
    assert "Auto-Submitted: auto-generated" in text
    assert "Subject: =?utf-8?" in text
    mail.send()
    assert mail.box.mails[1][1].decode().count("<f00d@example.com>") == 1, "a repeat has the same id"


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        ("550 no such user", Refused, "the recipient with 550"),
        ("451 grey-listed", Delayed, "the recipient with 451"),
        ("452 full", Delayed, "the recipient with 452"),
    ],
)
def test_what_a_server_says_of_a_recipient_decides_whether_it_is_tried_again(
    mail: MailServer, answer: str, error: type[Exception], said: str
) -> None:
    mail.box.answers["ada@example.com"] = answer
    with pytest.raises(error, match=said):
        mail.send()
    mail.send(replace(MESSAGE, address="eve@example.com"))
    assert [recipients for recipients, _ in mail.box.mails] == [["eve@example.com"]], "nobody else is held up"


@pytest.mark.parametrize(("answer", "error"), [("554 spam", Refused), ("452 later", Delayed)])
def test_what_a_server_says_of_the_mail_too(mail: MailServer, answer: str, error: type[Exception]) -> None:
    mail.box.data = answer
    with pytest.raises(error, match="the mail with"):
        mail.send()


def test_a_wrong_password_may_be_mended_so_the_mail_waits(mail: MailServer) -> None:
    with pytest.raises(Delayed, match="535"):
        mail.send(password="wrong")
    assert mail.box.mails == []


def test_a_server_with_another_ones_certificate_gets_no_password(mail: MailServer) -> None:
    with pytest.raises(Delayed, match="mail server"):
        mail.send(host="other.example")
    assert mail.box.mails == []


def test_a_server_without_tls_gets_nothing() -> None:
    box = Mailbox()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        with pytest.raises(Delayed, match="SMTPNotSupportedError"):
            Smtp(leading_to("127.0.0.1")).send(MESSAGE, {"host": "plain.example", "port": port, "sender": SENDER})
    finally:
        server.stop()
    assert box.mails == []


def test_a_server_that_drips_does_not_hold_the_sender(mail: MailServer) -> None:
    with serving(dripping(b"220 ", b"x", talks_first=True)) as server, pytest.raises(Delayed):
        replace(mail.smtp, seconds=0.4).send(MESSAGE, {"host": "mail.example", "port": server.port, "sender": SENDER})


def test_a_mail_server_is_reached_by_the_one_way_out() -> None:
    with pytest.raises(Delayed, match="neither public nor allowed"):
        Smtp(Outbound()).send(MESSAGE, {"host": "127.0.0.1", "port": 587, "sender": SENDER})


@pytest.mark.parametrize("changed", [{"address": "a@b.c\r\nBcc: x@y.z"}, {"subject": "a\nBcc: x@y.z"}])
def test_nothing_breaks_out_of_a_header(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"(?i)linefeed|carriage|newline|header"):
        compose(replace(MESSAGE, **changed), SENDER)
    with pytest.raises(Refused):
        Smtp(Outbound()).send(replace(MESSAGE, **changed), {"host": "127.0.0.1", "sender": SENDER})


def test_a_mail_may_have_a_page_beside_its_text() -> None:
    mail = compose(replace(MESSAGE, html="<b>x</b>"), SENDER)
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


# --- webhooks --------------------------------------------------------------------------------------------------------


def test_a_webhook_is_signed_as_upgrades_receivers_know_it_and_by_the_standard() -> None:
    standard = "whsec_" + base64.b64encode(b"0" * 24).decode()
    with serving(answering(http("204 No Content"))) as server:
        hooks = Webhooks(Outbound(LOCAL), lambda: NOW)
        hooks.send(replace(MESSAGE, address=server.url()), {"webhookSecrets": ["new", standard]})
    head, _, _ = server.asked[0].partition(b"\r\n\r\n")
    headers = {
        line.split(b": ")[0].decode().lower(): line.split(b": ", 1)[1].decode() for line in head.split(b"\r\n")[1:]
    }
    stamp, body = str(int(NOW.timestamp())), MESSAGE.payload.encode()
    assert headers["x-enghub-timestamp"] == headers["webhook-timestamp"] == stamp
    assert headers["idempotency-key"] == headers["webhook-id"] == "f00d"
    ours = [hmac.new(s.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest() for s in ("new", standard)]
    assert headers["x-enghub-signature"] == ",".join(f"v1={mac}" for mac in ours)
    content = f"f00d.{stamp}.".encode() + body
    theirs = [hmac.new(key, content, hashlib.sha256).digest() for key in (b"new", b"0" * 24)]
    assert headers["webhook-signature"] == " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in theirs)


@pytest.mark.parametrize(
    ("answer", "error", "asked"),
    [
        ("503 Down", Delayed, None),
        ("429 Slow", Delayed, 120.0),
        ("302 Found", Refused, None),
        ("404 Gone", Refused, None),
        ("410 Gone", Refused, None),
    ],
)
def test_an_answer_decides_whether_it_is_tried_again(answer: str, error: type[Exception], asked: float | None) -> None:
    with serving(answering(http(answer, b"", "Retry-After: 120"))) as server, pytest.raises(error) as raised:
        Webhooks(Outbound(LOCAL)).send(replace(MESSAGE, address=server.url()), {"webhookSecrets": ["s"]})
    if asked is not None:
        assert isinstance(raised.value, Delayed)
        assert raised.value.retry_after_seconds == asked


def test_nothing_is_sent_without_a_secret_and_nowhere_inside() -> None:
    with pytest.raises(Refused, match=r"no signing secret.*upgrade/notices/acme"):
        Webhooks(Outbound()).send(MESSAGE, {"path": "upgrade/notices/acme"})
    with pytest.raises(Refused, match="neither public nor allowed"):
        Webhooks(Outbound(Policy())).send(replace(MESSAGE, address="https://10.0.0.5/"), {"webhookSecrets": ["s"]})


# --- robots ----------------------------------------------------------------------------------------------------------


def test_the_vendors_vectors() -> None:
    assert dingtalk_sign("this is secret", 1700000000000) == "sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0="
    assert feishu_sign("this is secret", 1700000000) == "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY="


def say(dialect: Dialect, answer: bytes, message: Message = MESSAGE, key: str = "this is secret") -> Server:
    with serving(answering(http("200 OK", answer))) as server:
        robot = Robot(dialect, Outbound(LOCAL), lambda: datetime.fromtimestamp(1700000000, UTC))
        robot.send(message, {"url": server.url(path="/robot/send?access_token=T"), "secret": key})
    return server


def asked(server: Server) -> tuple[dict[str, list[str]], Any]:
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    return parse_qs(urlsplit(head.split(b" ")[1].decode()).query), json.loads(body) if body else None


def test_dingtalk_is_signed_in_its_address() -> None:
    query, _ = asked(say(robots.DINGTALK, b'{"errcode": 0, "errmsg": "ok"}'))
    assert query["timestamp"] == ["1700000000000"]
    assert query["sign"] == ["sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0="]


BODIES: list[tuple[Dialect, dict[str, Any]]] = [
    (
        robots.DINGTALK,
        {"msgtype": "markdown", "markdown": {"title": "升级失败", "text": "Upgrade: failed\n\n升级失败"}},
    ),
    (robots.WECOM, {"msgtype": "markdown", "markdown": {"content": "Upgrade: failed\n升级失败"}}),
    (
        robots.FEISHU,
        {
            "timestamp": "1700000000",
            "sign": "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=",
            "msg_type": "post",
            "content": {
                "post": {
                    "zh_cn": {
                        "title": "升级失败",
                        "content": [
                            [{"tag": "text", "text": "Upgrade: failed"}],
                            [{"tag": "text", "text": "升级失败"}],
                        ],
                    }
                }
            },
        },
    ),
]


@pytest.mark.parametrize(("dialect", "body"), BODIES, ids=["dingtalk", "wecom", "feishu"])
def test_each_robot_is_told_in_its_own_form(dialect: Dialect, body: dict[str, Any]) -> None:
    assert dialect.body(MESSAGE, "this is secret", 1700000000) == body


Case = tuple[Dialect, bytes, type[Exception], float | None]
FAILURES: list[Case] = [
    (robots.DINGTALK, b'{"errcode": 310000, "errmsg": "sign not match"}', Delayed, None),
    (robots.DINGTALK, b'{"errcode": 130101, "errmsg": "send too fast"}', Delayed, 600.0),
    (robots.DINGTALK, b'{"errcode": 40035}', Refused, None),
    (robots.WECOM, b'{"errcode": 93000}', Delayed, None),
    (robots.WECOM, b'{"errcode": 45009}', Delayed, 60.0),
    (robots.FEISHU, b'{"code": 19021}', Delayed, None),
    (robots.FEISHU, b'{"code": 11232}', Delayed, 60.0),
    (robots.FEISHU, b'{"code": 9499}', Refused, None),
    (robots.FEISHU, b"<html>", Delayed, None),
    (robots.WECOM, b"[]", Delayed, None),
    (robots.DINGTALK, b"{}", Delayed, None),
]


@pytest.mark.parametrize(("dialect", "answer", "error", "wait"), FAILURES)
def test_an_error_in_a_200_is_an_error(
    dialect: Dialect, answer: bytes, error: type[Exception], wait: float | None
) -> None:
    with pytest.raises(error) as raised:
        say(dialect, answer)
    if isinstance(raised.value, Delayed):
        assert raised.value.retry_after_seconds == wait


def test_feishus_older_word_for_success_counts() -> None:
    say(robots.FEISHU, b'{"StatusCode": 0, "StatusMessage": "success"}')
    say(robots.FEISHU, b'{"code": 0}', key="")


@pytest.mark.parametrize("size", range(4, 12))
def test_a_text_is_cut_between_characters(size: int) -> None:
    found = cut("升级失败升级失败", size)
    assert len(found.encode()) <= size
    assert found.endswith("…")


def test_a_robot_without_an_address_says_what_to_store() -> None:
    send: Callable[..., None] = Robot(robots.WECOM, Outbound()).send
    with pytest.raises(Refused, match=r"notices/acme/ops"):
        send(MESSAGE, {"path": "notices/acme/ops"})
