"""What a SOAP service answered: told apart, read as it was written (PLM-18; cases PF13, PF21)."""

from datetime import UTC, datetime
from typing import Any

import pytest
import tenacity
from hypothesis import given
from hypothesis import strategies as st

from enghub.core import clock
from enghub.core.errors import EngHubError
from enghub.kit.outbound.calls import Answer
from enghub.kit.outbound.errors import OutboundFailed
from enghub.plm.connections.model import Api
from enghub.plm.connections.times import instant
from enghub.plm.gateways.plm_calls import TAKE_APPROVAL, PlmCalls
from enghub.plm.gateways.plm_soap import SoapPlm
from enghub.plm.gateways.soap.answers import body_of
from enghub.plm.gateways.soap.contract import MOST_BYTES
from enghub.plm.products.partial import KEEP
from enghub.plm.syncs.errors import PlmRefused, PlmUnavailable
from enghub.sandbox.plm import soap
from enghub.sandbox.plm.scenario import Scenario
from tests.fakes.soap_server import SOAP_API, SoapServer, a_page, a_product, said

API = Api.of("soap", SOAP_API)
PROPER = soap.answer("GetProducts", {"after": None})


def a_plm(server: SoapServer) -> SoapPlm:
    return SoapPlm(API, server, lambda: "Asia/Shanghai", wait=tenacity.wait_none())  # type: ignore[arg-type]


def fetched(server: SoapServer) -> Any:
    return a_plm(server).products(None, None, None, 100)


def refusal(answer: Answer) -> EngHubError:
    with pytest.raises((PlmRefused, PlmUnavailable)) as refused:
        body_of(answer, "GetProductsResponse", 100_000)
    return refused.value


# --- told apart ---


@pytest.mark.parametrize(
    "body",
    [b"<!-- -->" * 500, b"<!-- -->\n" * 450 + b"<", b"<html>" + b"<title>" * 9_000, b"<html><title" + b" " * 60_000],
    ids=["comments", "comments and lines", "titles", "a title's tag"],
)
def test_an_answer_made_to_be_slow_is_read_as_soon_as_any(body: bytes) -> None:
    with pytest.raises((PlmRefused, PlmUnavailable)):
        body_of(Answer(200, {"content-type": "text/html"}, body, 1), "GetProductsResponse", 100_000)


LATER: dict[str, tuple[Answer, str]] = {
    "a fault of the server": (
        said(soap.fault("Server", "ORA-12541: no listener"), 500),
        "SOAP fault, s:Server: ORA-12541",
    ),
    "a fault with a subcode": (said(soap.fault("Server.Busy", "again"), 500), "SOAP fault, s:Server.Busy: again"),
    "a fault with 200": (said(soap.fault("Server", "slow")), "SOAP fault, s:Server: slow"),
    "a page": (
        said("<!DOCTYPE html><html><title> Gateway\n down </title>", 502, "text/html"),
        "HTTP 502: Gateway down",
    ),
    "a page that says 200": (said("<html><body>Wartung</body></html>"), "an HTML page instead of SOAP, HTTP 200: -"),
    "a page after a comment": (said("<!-- F5 -->\n<HTML><TITLE>Login</TITLE></HTML>", 200), "HTML page"),
    "cut in a tag": (said(PROPER[:-9]), "breaks off after"),
    "cut between tags": (said(PROPER[: PROPER.index("<s:Body>")]), "breaks off after"),
    "no XML, but 503": (said("upstream connect error", 503, "text/plain"), "HTTP 503"),
    "proper XML, but 503": (said(PROPER, 503), "HTTP 503"),
}
NEVER: dict[str, tuple[Answer, str]] = {
    "a fault of the caller": (said(soap.fault("Client", "unknown view"), 500), "SOAP fault, s:Client: unknown view"),
    "a page of no access": (said("<html><title>Forbidden</title></html>", 403), "HTML page instead of SOAP, HTTP 403"),
    "JSON": (said('{"items": []}', 200, "application/json"), "no XML, HTTP 200, application/json"),
    "nothing": (said(""), "no XML"),
    "bad XML": (said("<a><b></a></b>"), "no XML, HTTP 200, text/xml"),
    "no envelope": (said("<GetProductsResponse/>"), "XML without a SOAP 1.1 envelope: GetProductsResponse"),
    "SOAP 1.2": (said(PROPER.replace(soap.ENVELOPE, "http://www.w3.org/2003/05/soap-envelope")), "without a SOAP 1.1"),
    "no body": (said(f'<s:Envelope xmlns:s="{soap.ENVELOPE}"/>'), "without a SOAP 1.1 envelope"),
    "an empty body": (said(soap.envelope("")), "another operation: - instead of"),
    "another answer": (said(soap.answer("TakeGate", {})), "another operation: TakeGateResponse instead of"),
    "entities": (said(PROPER.replace("?>\n", '?>\n<!DOCTYPE x [<!ENTITY a "b">]>')), "document types and entities"),
    "a document type": (said(PROPER.replace("?>\n", '?>\n<!DOCTYPE x SYSTEM "http://evil/x.dtd">')), "document types"),
    "too large": (said(PROPER + " " * 100_000), "more than 100000 bytes"),
    "no access": (said(PROPER, 401), "HTTP 401"),
}


@pytest.mark.parametrize("name", LATER)
def test_what_may_pass_is_told_as_what_it_is(name: str) -> None:
    answer, words = LATER[name]
    found = refusal(answer)
    assert isinstance(found, PlmUnavailable)
    assert words in found.message("en")
    assert found.message("zh") != found.message("en")


@pytest.mark.parametrize("name", NEVER)
def test_what_will_not_pass_is_told_as_what_it_is(name: str) -> None:
    answer, words = NEVER[name]
    found = refusal(answer)
    assert isinstance(found, PlmRefused)
    assert words in found.message("en")


def test_utf_16_is_read_and_its_document_type_refused_too() -> None:
    text = soap.answer("GetProducts", {"after": "螺母"}).replace("UTF-8", "UTF-16")
    answer = Answer(200, {}, text.encode("utf-16"), 1)
    assert body_of(answer, "GetProductsResponse", 100_000)[0].text == "螺母"
    hostile = Answer(200, {}, text.replace("?>\n", '?>\n<!DOCTYPE x [<!ENTITY a "b">]>').encode("utf-16"), 1)
    assert "document types" in refusal(hostile).message("en")


@given(st.integers(1, len(PROPER) - 2))
def test_an_answer_cut_anywhere_is_never_taken_for_a_proper_one(length: int) -> None:
    assert refusal(said(PROPER[:length]))


# --- values ---


def test_absent_nil_and_empty_are_three_things() -> None:
    server = SoapServer(
        answers=[a_page(a_product(1, unit=None) + a_product(2, unit='<unit xsi:nil="1"/>') + a_product(3, unit=""))]
    )
    assert [one["unit"] for one in fetched(server).records] == [KEEP, None, ""]


def test_a_text_is_what_is_written_whatever_stands_between() -> None:
    server = SoapServer(
        answers=[a_page(a_product(1, productName="<productName>Nut <!-- M8 --><![CDATA[< & 螺母]]></productName>"))]
    )
    assert fetched(server).records[0]["productName"] == "Nut < & 螺母"


def test_elements_that_nobody_reads_are_kept_and_lose_no_product() -> None:
    extra = '<unit>PCS</unit><x:weight xmlns:x="urn:other"><x:kg>0.4</x:kg></x:weight>'
    server = SoapServer(answers=[a_page(a_product(1, unit=extra))])
    assert fetched(server).records[0]["weight"] == {"kg": "0.4"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00.000000Z"),
        ("2026-03-01T08:00:00.1234567+08:00", "2026-03-01T00:00:00.123456Z"),
        ("2026-03-01T24:00:00Z", "2026-03-02T00:00:00.000000Z"),
        ("2026-12-31T24:00:00.000+08:00", "2026-12-31T16:00:00.000000Z"),
        ("2026-03-01T08:00:00", "2026-03-01T00:00:00.000000Z"),
        (" 2026-03-01T08:00:00Z\n", "2026-03-01T08:00:00.000000Z"),
    ],
)
def test_a_datetime_is_read_as_xml_means_it_without_a_zone_as_one_of_the_connections(written: str, meant: str) -> None:
    assert instant(written, "Asia/Shanghai") == meant


@pytest.mark.parametrize(
    "written",
    [
        "  :  :  ",
        "",
        "2026-02-30T08:00:00Z",
        "2026-03-01",
        "2026-03-01T24:00:01Z",
        "2026-03-01T8:00:00Z",
        "9999-12-31T24:00:00Z",
        "２０２６-03-01T08:00:00Z",
        "2026-03-01T08:00:00+99:00",
    ],
)
def test_what_is_no_datetime_stays_for_its_record_to_be_refused(written: str) -> None:
    assert instant(written, "UTC") == written


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40), st.integers(0, 4_000_000_000))
def test_what_is_written_comes_back(text: str, seconds: int) -> None:
    answer = said(soap.answer("GetProducts", {"product": [{"productName": text}], "after": None}))
    assert (body_of(answer, "GetProductsResponse", 100_000)[0][0].text or "") == text
    at = datetime.fromtimestamp(seconds, UTC)
    assert instant(at.isoformat(), "UTC") == clock.to_text(at)


# --- calls ---


def test_three_attempts_then_it_is_told() -> None:
    server = SoapServer(answers=[said("", 503), OutboundFailed("ReadTimeout")])
    assert len(fetched(server).records) == 100
    server.answers = [LATER["a page"][0]] * 3
    with pytest.raises(PlmUnavailable, match="Gateway down"):
        fetched(server)
    server.answers = [NEVER["a fault of the caller"][0]]
    with pytest.raises(PlmRefused, match="unknown view"):
        fetched(server)
    assert len(server.asked) == 3 + 3 + 1


def test_ids_come_page_by_page_and_a_page_that_repeats_ends_by_name() -> None:
    server = SoapServer(Scenario(products=12_000))
    assert len(list(a_plm(server).object_ids(None, None))) == 12_000
    server.scenario = Scenario(products=12_000, pages="REPEATED")
    with pytest.raises(PlmRefused, match="its cursor does not advance"):
        list(a_plm(server).object_ids(None, None))


def test_a_contract_is_refused_by_name() -> None:
    proper = SoapServer().wsdl
    hostile = {
        "no operation": (proper.replace("GetProducts", "FetchProducts"), "no operation GetProducts"),
        "entities": (proper.replace("?>\n", '?>\n<!DOCTYPE x [<!ENTITY a "b">]>\n', 1), "WSDL cannot be read"),
        "another host": (
            proper.replace(
                "<wsdl:types>", '<wsdl:import namespace="urn:x" location="http://169.254.169.254/x"/><wsdl:types>'
            ),
            "another host: http://169.254.169.254",
        ),
        "a file": (
            proper.replace(
                "<wsdl:types>", '<wsdl:import namespace="urn:x" location="file:///etc/passwd"/><wsdl:types>'
            ),
            "another host: file:///etc/passwd",
        ),
        "a page": ("<html><body>Login</body></html>", "WSDL cannot be read"),
        "too large": (proper + " " * 2_100_000, "more than 2000000 bytes"),
    }
    for text, words in hostile.values():
        with pytest.raises(PlmRefused, match=words):
            fetched(SoapServer(wsdl=text))


def test_what_does_not_fit_the_contract_is_not_sent() -> None:
    class One:
        def api(self, *_: str) -> Api:
            return API

    server = SoapServer()
    calls = PlmCalls(One(), server)  # type: ignore[arg-type]
    with pytest.raises(PlmRefused, match="does not fit its WSDL"):
        calls.told("soap", "acme", TAKE_APPROVAL, "p-1", {"projectCode": "PRJ-7", "colour": "red"})
    assert server.asked == []
    calls.told("soap", "acme", TAKE_APPROVAL, "p-1", {"projectCode": "PRJ-7", "comments": None, "approver": "<&>"})
    assert (server.asked, server.keys) == ([("TakePpapApproval", {"projectCode": "PRJ-7", "approver": "<&>"})], ["p-1"])


def test_an_answer_at_the_limit_is_read_and_one_above_is_refused() -> None:
    padded = PROPER + " " * (MOST_BYTES - len(PROPER))
    assert fetched(SoapServer(answers=[said(padded)])).records == ()
    with pytest.raises(PlmRefused, match=f"more than {MOST_BYTES} bytes"):
        fetched(SoapServer(answers=[said(padded + " ")]))
