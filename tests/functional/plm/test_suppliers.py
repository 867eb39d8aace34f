"""The suppliers' door: a link without an account, its files checked as everybody's, its end (PLM-28)."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from enghub.core import audit, limits
from enghub.core.clock import system_clock, to_text
from enghub.plm.gateways import suppliers as wiring
from enghub.plm.supplier_links.model import hashed
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import call, handler
from tests.factories.stored import events, items
from tests.functional.plm.test_documents import PDF, REFUSED, XLSX, announced, bucket, send

__all__ = ["bucket"]
QUAN = a_principal("ppap:read", "ppap:change", "document:read", user="quan")
PPAPS, DOOR = "/api/v1/plm/ppaps", "/api/v1/plm/supplier"
IN_A_WEEK = to_text(system_clock() + timedelta(days=7))


def ppaps(method: str, path: str = "", body: Any = None, caller: Any = QUAN) -> tuple[int, Any]:
    name = "read_ppaps" if method == "GET" else "change_ppaps"
    status, answer = call(name, a_request(method, f"{PPAPS}{path}", body, caller=caller))
    return status, answer.get("data", answer)


@pytest.fixture
def ppap() -> str:
    status, found = ppaps("POST", body={"projectCode": "PRJ-7", "productCode": "ECU-1"})
    assert status == 201
    return str(found["ppapId"])


def made(ppap: str, **fields: Any) -> Any:
    body = {"supplier": "Dichtring & Söhne <GmbH>", "elements": [10, 7], "expiresAt": IN_A_WEEK, "uses": 2, **fields}
    status, found = ppaps("POST", f"/{ppap}/supplier-links", body)
    assert status == 201, found
    return found


def token_of(link: Any) -> str:
    return str(parse_qs(urlsplit(link["url"]).query)["token"][0])


def knock(token: str, path: str = "", body: Any = None, method: str = "POST", **headers: str) -> tuple[int, Any]:
    event = a_request(method, f"{DOOR}{path}", body, query={"token": token}, headers=headers)
    if method == "GET":
        answer = handler("serve_suppliers")(event, Context())
        return answer["statusCode"], answer
    status, answer = call("serve_suppliers", event)
    return status, answer.get("data", answer)


def sent(token: str, content: bytes = PDF, really: bytes | None = None, **fields: Any) -> tuple[int, Any]:
    """Announce a file, send it, complete it."""
    status, upload = knock(token, "/uploads", announced(content, **{"element": 7, **fields}))
    if status != 201:
        return status, upload
    send(upload["documentId"], upload["uploadId"], content if really is None else really)
    return knock(token, f"/documents/{upload['documentId']}/uploads/{upload['uploadId']}/completion", {})


def test_a_supplier_sees_what_is_asked_and_fills_it_without_an_account(ppap: str) -> None:
    link = made(ppap, note="Lot 4711, please\n<script>alert(1)</script>")
    token = token_of(link)
    assert "token" not in {name for one in ppaps("GET", f"/{ppap}/supplier-links")[1]["items"] for name in one}
    for language, words in (("en", "Control plan"), ("zh-CN", "控制计划")):
        status, answer = knock(token, method="GET", **{"Accept-Language": language})
        body = answer["body"]
        assert (status, words in body, "Lot 4711" in body) == (200, True, True)
        assert "&lt;script&gt;alert" in body
        assert "<GmbH>" not in body
        policy = answer["multiValueHeaders"]["Content-Security-Policy"][0]
        assert re.search(r"script-src 'sha256-[^']+'; connect-src 'self' https://enghub-test\.s3\.[\w.-]+;", policy)
        assert "unsafe-inline'; script" in policy
        assert re.findall(r'data-element="(\d+)"', body) == ["7", "10"]
    status, taken = sent(token)
    assert (status, taken) == (200, {"element": 7, "fileName": "CP-4000.pdf", "left": 1})
    found = ppaps("GET", f"/{ppap}")[1]["elements"][6]
    (document,) = found["documents"]
    assert (found["status"], document["kind"]) == ("NOT_READY", "CONTROL_PLAN"), "people say what is ready"
    version = document["current"]
    assert (version["addedBy"], version["supplierLink"]) == (f"supplier-link:{link['linkId']}", link["linkId"])
    (told,) = events("NoticeRequested")
    assert (told["data"]["notice_type"], told["data"]["users"]) == ("plm.supplier_file_arrived", ["quan"])
    (added,) = events("DocumentVersionAdded")
    assert added["data"]["supplier_link"] == link["linkId"]
    entries = audit.history("acme", f"supplier_link/-/{link['linkId']}")
    assert [one.action.partition(".")[2] for one in entries] == [
        "made",
        "opened",
        "file_announced",
        "file_arrived",
    ]
    assert {one.source_ip for one in entries} == {"192.0.2.7"}
    assert audit.broken_at(entries) is None


def test_only_the_hash_of_the_token_is_anywhere(ppap: str) -> None:
    token = token_of(made(ppap))
    sent(token)
    secret = token.rpartition(".")[2]
    (stored,) = items("SUPPLIER_LINK")
    assert stored["token_hash"] == hashed(token)
    for entity in ("SUPPLIER_LINK", "AUDIT", "OUTBOX", "DOCUMENT", "DOCUMENT_UPLOAD", "REFUSAL"):
        assert all(secret not in str(one) for one in items(entity)), entity


def test_a_link_takes_as_many_files_as_it_says_and_a_damaged_one_takes_none(ppap: str) -> None:
    token = token_of(made(ppap))
    assert sent(token, really=PDF[:-1])[1]["details"]["error"] == "FILE_DAMAGED"
    content, _ = REFUSED["macros"]
    assert sent(token, content, fileName="a.xlsx", mediaType=XLSX)[1]["details"]["error"] == "CONTENT_REFUSED"
    assert [sent(token)[1]["left"], sent(token, PDF + b" ", element=10)[1]["left"]] == [1, 0]
    status, refused = sent(token)
    assert (status, refused["details"]["error"]) == (422, "SUPPLIER_LINK_OVER")
    (one,) = ppaps("GET", f"/{ppap}/supplier-links")[1]["items"]
    assert (one["status"], one["left"]) == ("USED_UP", 0)
    body = knock(token, method="GET")[1]["body"]
    assert ("data-element" in body.partition("<script")[0], body.count("<li>")) == (False, 2)


def test_a_file_of_the_same_name_is_the_next_version_and_a_completion_again_takes_no_use(ppap: str) -> None:
    token = token_of(made(ppap))
    first = sent(token)
    assert first[0] == 200
    _, upload = knock(token, "/uploads", announced(PDF + b" ", element=7, fileName="cp-4000.PDF"))
    send(upload["documentId"], upload["uploadId"], PDF + b" ")
    path = f"/documents/{upload['documentId']}/uploads/{upload['uploadId']}/completion"
    assert [knock(token, path, {})[1]["left"] for _ in range(3)] == [0, 0, 0]
    assert len(items("DOCUMENT_VERSION")) == 2
    assert [one["versions"] for one in items("DOCUMENT")] == ["2"]
    assert len(events("NoticeRequested")) == 2


def test_far_more_may_not_be_announced_than_may_arrive(ppap: str) -> None:
    token = token_of(made(ppap, uses=1))
    answers = [knock(token, "/uploads", announced(PDF, element=7, fileName=f"{n}.pdf"))[0] for n in range(6)]
    assert answers == [201] * 5 + [422]


def test_what_a_link_does_not_ask_for_is_refused(ppap: str) -> None:
    token = token_of(made(ppap))
    status, refused = sent(token, element=9)
    assert (status, refused["details"]["error"]) == (422, "ELEMENT_NOT_ASKED")
    ppaps("PUT", f"/{ppap}/elements/7", {"status": "READY"})
    assert sent(token)[1]["details"]["error"] == "ELEMENT_NOT_ASKED", "somebody else filled it"
    wrong: list[dict[str, Any]] = [{"fileName": "../x.pdf"}, {"sizeBytes": 0}, {"mediaType": "text/html"}, {"x": 1}]
    for fields in (*wrong, {"element": 19}):
        asked: dict[str, Any] = {"element": 10, **fields}
        assert sent(token, **asked)[0] == 400
    status, refused = ppaps(
        "POST", f"/{ppap}/supplier-links", {"supplier": "x", "elements": [7], "expiresAt": IN_A_WEEK}
    )
    assert (status, refused["details"]["error"]) == (422, "ELEMENT_NOT_MISSING")


def test_a_link_that_is_not_ours_opens_nothing_and_says_nothing(ppap: str) -> None:
    token = token_of(made(ppap))
    other = token_of(made(ppap))
    head, _, secret = token.rpartition(".")
    wrong = [
        "",
        "x",
        token[:-1],
        f"{head}.{'A' * 43}",
        f"{head}.{other.rpartition('.')[2]}",
        f"Z2xvYmV4.{token.partition('.')[2]}",
        f"....{secret}",
        "a" * 400,
        f"%%.{token.partition('.')[2]}",
    ]
    for one in wrong:
        assert sent(one)[0] == 404, one
        status, answer = knock(one, method="GET")
        assert (status, "ECU-1" in answer["body"]) == (404, False), one
    assert len({sent(one)[1]["message"] for one in wrong}) == 1
    assert knock(token, "/uploads", "{not json")[0] == 400
    assert knock("x", "/uploads", "{not json")[0] == 404, "the token is looked at before anything is read"


def test_a_revoked_or_expired_link_is_over_at_once(ppap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    link = made(ppap)
    token = token_of(link)
    _, upload = knock(token, "/uploads", announced(PDF, element=7))
    send(upload["documentId"], upload["uploadId"], PDF)
    path = f"/{ppap}/supplier-links/{link['linkId']}/revocation"
    assert ppaps("POST", path, {"reason": "x"}, a_principal("ppap:change", tenant="globex"))[0] == 404
    assert [ppaps("POST", path, {"reason": "Sent to the wrong address"})[1]["status"] for _ in range(2)] == [
        "REVOKED",
        "REVOKED",
    ]
    done = f"/documents/{upload['documentId']}/uploads/{upload['uploadId']}/completion"
    assert knock(token, done, {})[1]["details"]["error"] == "SUPPLIER_LINK_OVER"
    assert knock(token, method="GET")[0] == 422
    second = token_of(made(ppap))
    later = replace(wiring.door(), clock=lambda: system_clock() + timedelta(days=8))
    monkeypatch.setattr("functions.plm.serve_suppliers.handler.door", lambda: later)
    assert sent(second)[1]["details"]["error"] == "SUPPLIER_LINK_OVER"
    for days in (-1, 91):
        ends = to_text(system_clock() + timedelta(days=days))
        body = {"supplier": "x", "elements": [7], "expiresAt": ends}
        assert ppaps("POST", f"/{ppap}/supplier-links", body)[1]["details"]["error"] == "LINK_TOO_LONG"


def test_another_links_upload_cannot_be_completed(ppap: str) -> None:
    first, second = token_of(made(ppap)), token_of(made(ppap))
    upload = knock(first, "/uploads", announced(PDF, element=7))[1]
    send(upload["documentId"], upload["uploadId"], PDF)
    path = f"/documents/{upload['documentId']}/uploads/{upload['uploadId']}/completion"
    assert knock(second, path, {})[0] == 404
    by_user = a_request("POST", f"/api/v1/plm{path}", caller=a_principal("document:change"))
    assert call("change_documents", by_user)[0] == 404, "nor by a user: what comes by a link counts on the link"
    assert knock(first, path, {})[0] == 200


def test_whoever_knocks_too_often_waits_and_nobody_else(ppap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_of(made(ppap))
    with monkeypatch.context() as patch:
        patch.setattr(limits, "figures", lambda: {"write": 5, "tenant": 1})
        answers = [sent("x")[0] for _ in range(8)]
        assert answers == [404] * 5 + [429] * 3
        event = a_request("POST", f"{DOOR}/uploads", announced(PDF, element=7), query={"token": token})
        event["requestContext"]["identity"]["sourceIp"] = "198.51.100.1"
        assert call("serve_suppliers", event)[0] == 201
