"""Calls to addresses that people gave: pinned, bounded, never redirected (S6, decision 0047)."""

import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from enghub.kit.outbound.addresses import Policy
from enghub.kit.outbound.calls import Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.network import Network
from tests.unit.kit.outbound.servers import (
    LOCAL,
    Behaviour,
    Server,
    answering,
    certificate,
    dripping,
    http,
    leading_to,
    read_request,
    serving,
)

OUT = Outbound(LOCAL)
SHORT = Limits(seconds=0.3, body_bytes=65_536)


def test_an_answer_is_status_headers_text_and_time() -> None:
    with serving(answering(http("201 Created", b'{"a": 1}', "X-One: 1"))) as server:
        found = OUT.request("POST", server.url(path="/in?x=1"), body=b"{}", headers={"Idempotency-Key": "k"})
    assert (found.status, found.text, found.headers["x-one"]) == (201, '{"a": 1}', "1")
    assert 0 <= found.milliseconds < 10_000
    (asked,) = server.asked
    assert asked.startswith(b"POST /in?x=1 HTTP/1.1\r\n")
    for line in (f"Host: 127.0.0.1:{server.port}", "Idempotency-Key: k", "User-Agent: EngHub", "Content-Length: 2"):
        assert line.encode() in asked, line


def hanging_up(answer: bytes) -> Behaviour:
    """Answer without reading the request's body: the connection is then reset, not ended."""

    def behave(connection: socket.socket, _: Server, __: threading.Event) -> None:
        connection.recv(10)
        connection.sendall(answer)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def test_who_answers_without_reading_the_request_is_heard_but_not_one_that_breaks_off() -> None:
    with serving(hanging_up(b"HTTP/1.0 202 Accepted\r\n\r\nok")) as server:
        found = OUT.request("POST", server.url(), body=b"{}")
        assert (found.status, found.text) == (202, "ok")
    with (
        serving(hanging_up(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok")) as server,
        pytest.raises(OutboundFailed, match="ReadError"),
    ):
        OUT.request("POST", server.url(), body=b"{}")


def test_an_answer_that_ends_with_its_connection_is_read_whole() -> None:
    with serving(answering(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 60_000)) as server:
        assert OUT.request("GET", server.url()).text == "x" * 60_000


def test_a_redirect_is_an_answer_and_nothing_follows_it() -> None:
    with serving(answering(http("302 Found", b"", "Location: http://127.0.0.1:1/"))) as server:
        assert OUT.request("GET", server.url()).status == 302
    assert len(server.asked) == 1


# --- where to --------------------------------------------------------------------------------------------------------


def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to() -> None:
    """DNS rebinding: the second answer would lead inside, but there is no second question."""
    answers: list[Sequence[str]] = [["127.0.0.1"], ["169.254.169.254"]]
    with serving(answering(http("200 OK"))) as server:
        out = Outbound(LOCAL, Network(resolve=lambda _, __: answers.pop(0)))
        assert out.request("GET", server.url("rebound.example")).status == 200
        assert f"Host: rebound.example:{server.port}".encode() in server.asked[0]
        assert len(answers) == 1
        with pytest.raises(OutboundRefused, match="neither public nor allowed"):
            out.request("GET", server.url("rebound.example"))
    assert len(server.asked) == 1


@pytest.mark.parametrize("inside", ["10.0.0.5", "::ffff:127.0.0.1", "fe80::1", "64:ff9b::7f00:1"])
def test_a_name_that_also_leads_inside_is_refused_without_a_connection(inside: str) -> None:
    connected: list[object] = []
    out = replace(
        leading_to("127.0.0.1", inside),
        network=Network(
            resolve=lambda _, __: ["127.0.0.1", inside],
            connect=lambda *where: connected.append(where),  # type: ignore[arg-type]
        ),
    )
    with pytest.raises(OutboundRefused, match="neither public nor allowed"):
        out.request("GET", "http://evil.example/")
    assert not connected


def test_without_the_local_stages_word_loopback_is_not_called() -> None:
    with serving(answering(http("200 OK"))) as server:
        for host in ("127.0.0.1", "localhost", "[::1]"):
            with pytest.raises(OutboundRefused):
                Outbound(Policy(plain_http=True)).request("GET", server.url(host))
    assert server.asked == []


def test_who_does_not_answer_at_one_address_is_asked_at_the_next() -> None:
    with serving(answering(http("200 OK"))) as server, socket.socket() as deaf:
        deaf.bind(("127.0.0.2", server.port))  # bound, and nobody listens
        assert leading_to("127.0.0.2", "127.0.0.1").request("GET", server.url("two.example")).status == 200


def test_a_name_without_an_address_may_have_one_later() -> None:
    def nobody(_: str, __: int) -> list[str]:
        raise socket.gaierror

    with pytest.raises(OutboundFailed, match="ConnectError"):
        Outbound(LOCAL, Network(resolve=nobody)).request("GET", "http://nowhere.example/")


def test_a_name_server_that_says_nothing_holds_nobody_up() -> None:
    silent = threading.Event()
    out = Outbound(LOCAL, Network(resolve=lambda _, __: [str(silent.wait(5))]))
    with pytest.raises(OutboundFailed, match="ConnectTimeout"):
        out.request("GET", "http://slow.example/", limits=SHORT)
    silent.set()


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_secrets_headers_go_to_the_host_they_are_bound_to_and_to_no_other() -> None:
    with serving(answering(http("200 OK"))) as server:
        out = leading_to("127.0.0.1")
        bound = {f"mes.example:{server.port}": {"Authorization": "Bearer s3cret"}}
        for host in ("mes.example", "MES.example", "other.example", "mes.example.", "x.mes.example"):
            out.request("GET", server.url(host), bound=bound)
    assert [b"s3cret" in asked for asked in server.asked] == [True, True, False, False, False]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00\r\nb"])
def test_a_header_cannot_break_out_of_its_line(value: str) -> None:
    with serving(answering(http("200 OK"))) as server, pytest.raises(OutboundRefused, match="header"):
        OUT.request("GET", server.url(), headers={"X-One": value})
    assert server.asked == []


# --- size ------------------------------------------------------------------------------------------------------------


def bomb(megabytes: int) -> bytes:
    pack = zlib.compressobj(9, wbits=31)
    return b"".join([*(pack.compress(b"\0" * 1_000_000) for _ in range(megabytes)), pack.flush()])


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "deflate"])
def test_what_grows_while_unpacking_is_cut(encoding: str) -> None:
    with serving(answering(http("200 OK", bomb(100), f"Content-Encoding: {encoding}"))) as server:
        found = OUT.request("GET", server.url(), limits=Limits(body_bytes=65_536))
    assert found.body == b"\0" * 65_536


def test_a_packed_answer_is_unpacked() -> None:
    pack = zlib.compressobj(wbits=31)
    body = pack.compress("状态: UP".encode()) + pack.flush()
    with serving(answering(http("200 OK", body, "Content-Encoding: gzip"))) as server:
        assert OUT.request("GET", server.url()).text == "状态: UP"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_a_packing_that_nobody_asked_for_is_no_answer(encoding: str) -> None:
    answer = answering(http("200 OK", b"xx", f"Content-Encoding: {encoding}"))
    with serving(answer) as server, pytest.raises(OutboundFailed, match="RemoteProtocolError"):
        OUT.request("GET", server.url())


def test_a_long_body_is_cut_and_an_unwanted_one_is_not_read() -> None:
    with serving(answering(http("200 OK", b"x" * 5_000_000))) as server:
        assert len(OUT.request("GET", server.url(), limits=Limits(body_bytes=1000)).body) == 1000
        assert OUT.request("GET", server.url(), limits=Limits(body_bytes=0)).body == b""


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 2000) for n in range(90)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=["many headers", "a long header", "endless interim answers", "another protocol", "nothing"],
)
def test_headers_without_end_or_sense_are_no_answer(answer: bytes) -> None:
    with serving(answering(answer)) as server, pytest.raises(OutboundFailed):
        OUT.request("GET", server.url(), limits=Limits(body_bytes=1000))


# --- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b"H"),
    ],
    ids=["body", "chunks", "headers", "status"],
)
def test_who_drips_does_not_hold_the_call_beyond_its_time(begin: bytes, drop: bytes) -> None:
    with serving(dripping(begin, drop)) as server:
        with pytest.raises(OutboundFailed):
            OUT.request("GET", server.url(), limits=SHORT)
        assert server.sent < 2000, "the call ended while the receiver was still at it"


def test_tls_asks_for_the_name_and_trusts_nobody_elses_certificate(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(chain, key)

    def behave(connection: socket.socket, server: Server, _: threading.Event) -> None:
        with serves.wrap_socket(connection, server_side=True) as secured:
            read_request(secured, server)
            secured.sendall(http("200 OK", b"safe"))

    trusts = ssl.create_default_context(cafile=str(chain))
    with serving(behave) as server:
        out = Outbound(LOCAL, Network(resolve=lambda _, __: ["127.0.0.1"], tls=lambda: trusts))
        assert out.request("GET", f"https://tls.example:{server.port}/").text == "safe"
        with pytest.raises(OutboundFailed, match="ConnectError"):
            out.request("GET", f"https://other.example:{server.port}/")
        with pytest.raises(OutboundFailed, match="ConnectError"):
            leading_to("127.0.0.1").request("GET", f"https://tls.example:{server.port}/")


def test_a_slow_handshake_ends_with_the_calls_time() -> None:
    def behave(_: socket.socket, __: Server, over: threading.Event) -> None:
        over.wait(5)

    with serving(behave) as server, pytest.raises(OutboundFailed, match="ConnectTimeout"):
        leading_to("127.0.0.1").request("GET", f"https://tls.example:{server.port}/", limits=SHORT)


# --- ports -----------------------------------------------------------------------------------------------------------


def test_a_port_is_looked_at_under_the_same_rules() -> None:
    with serving(answering(b"")) as server:
        assert OUT.reaches("127.0.0.1", server.port, 2)
        for host in ("127.0.0.1", "2130706433", "127.1", "localhost", "::ffff:127.0.0.1"):
            with pytest.raises(OutboundRefused):
                Outbound(Policy()).reaches(host, server.port, 2)
        closed = server.port
    assert not OUT.reaches("127.0.0.1", closed, 2)
