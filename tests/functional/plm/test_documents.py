"""Documents through their functions: files sent by signed uploads, damaged ones refused and named (PLM-17)."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest

from enghub.core import audit
from enghub.kit.files import uploads
from tests.conftest import REGION
from tests.factories.http import a_principal, a_request
from tests.factories.plm import a_notification, call, deliver
from tests.factories.stored import events, items

BUCKET, BASE = "enghub-test", "/api/v1/plm/documents"
QUAN = a_principal("document:read", "document:change", "ppap:read", "ppap:change", user="quan")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(autouse=True)
def bucket(plm: None) -> Iterator[Any]:
    uploads._client.cache_clear()
    client = boto3.client("s3", REGION)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield client
    uploads._client.cache_clear()


def ask(method: str, path: str = "", body: Any = None, **more: Any) -> tuple[int, Any]:
    path, _, query = path.partition("?")
    name = "read_documents" if method == "GET" else "change_documents"
    asked = {key: values[0] for key, values in parse_qs(query).items()}
    event = a_request(method, f"{BASE}{path}", body, caller=more.pop("caller", QUAN), query=asked or None, **more)
    status, answer = call(name, event)
    return status, answer.get("data", answer)


def created(**fields: Any) -> str:
    body = {"title": "Control plan", "kind": "CONTROL_PLAN", **fields}
    status, found = ask("POST", body=body)
    assert (status, found.get("status")) == (201, "EMPTY"), found
    return str(found["documentId"])


def announced(content: bytes, **fields: Any) -> dict[str, Any]:
    name = {"fileName": "CP-4000.pdf", "mediaType": "application/pdf"}
    return {**name, "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **fields}


def allowed(document: str, content: bytes = PDF, **fields: Any) -> str:
    status, found = ask("POST", f"/{document}/uploads", announced(content, **fields))
    assert status == 201, found
    return str(found["uploadId"])


def send(document: str, upload: str, content: bytes, tenant: str = "acme") -> None:
    """Put what is sent where the signature leads; S3 itself refuses other content, which this store does not."""
    boto3.client("s3", REGION).put_object(Bucket=BUCKET, Key=f"plm/uploads/{tenant}/{document}/{upload}", Body=content)


def complete(document: str, upload: str, **more: Any) -> tuple[int, Any]:
    return ask("POST", f"/{document}/uploads/{upload}/completion", **more)


def added(document: str, content: bytes = PDF, **fields: Any) -> Any:
    upload = allowed(document, content, **fields)
    send(document, upload, content)
    status, found = complete(document, upload)
    assert status == 200, found
    return found


def package(**more: str | bytes) -> bytes:
    """Return a workbook as Excel writes it, as far as anybody here looks, with parts more."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": "<Relationships/>",
        "xl/workbook.xml": "<workbook/>",
        **more,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_the_signature_covers_tenant_key_length_and_checksum_and_the_download_its_name() -> None:
    document = created()
    status, found = ask("POST", f"/{document}/uploads", announced(PDF, fileName="Prüfplan „A“ 检验.pdf"))
    url = urlsplit(found["url"])
    query = parse_qs(url.query)
    assert unquote(url.path) == f"/plm/uploads/acme/{document}/{found['uploadId']}"
    assert query["X-Amz-SignedHeaders"] == ["content-length;host;x-amz-checksum-sha256"]
    assert found["headers"]["x-amz-checksum-sha256"] == base64.b64encode(hashlib.sha256(PDF).digest()).decode()
    send(document, found["uploadId"], PDF)
    complete(document, found["uploadId"])
    status, found = ask("GET", f"/{document}/versions/1/download")
    url = urlsplit(found["url"])
    query = parse_qs(url.query)
    assert (status, query["response-content-type"]) == (200, ["application/pdf"])
    (shown,) = query["response-content-disposition"]
    assert shown == (
        'attachment; filename="Pru_fplan _A_ __.pdf"; '
        "filename*=UTF-8''Pr%C3%BCfplan%20%E2%80%9EA%E2%80%9C%20%E6%A3%80%E9%AA%8C.pdf"
    )
    stored = boto3.client("s3", REGION).get_object(Bucket=BUCKET, Key=unquote(url.path)[1:])
    assert stored["Body"].read() == PDF


def test_versions_are_added_once_each_and_told_once() -> None:
    document = created(number="CP-4000", links=[{"kind": "PRODUCT", "id": "ECU-1"}])
    assert ask("GET", f"/{document}")[1]["current"] is None
    first = added(document, label="A")
    assert (first["status"], first["versions"], first["current"]["label"]) == ("IN_USE", 1, "A")
    upload = allowed(document, PDF + b" ")
    send(document, upload, PDF + b" ")
    assert [complete(document, upload)[1]["versions"] for _ in range(3)] == [2, 2, 2]
    found = ask("GET", f"/{document}/versions")[1]["items"]
    assert [(one["version"], one["sizeBytes"]) for one in found] == [(2, len(PDF) + 1), (1, len(PDF))]
    told = [event["data"] for event in events("DocumentVersionAdded")]
    assert [(one["version"], one["products"]) for one in told] == [(1, ["ECU-1"]), (2, ["ECU-1"])]
    assert ask("GET", f"/{document}/versions/3/download")[0] == 404


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (None, "has not arrived"),
        (PDF[:-1], f"{len(PDF) - 1} bytes instead of {len(PDF)}"),
        (PDF.replace(b"1.7", b"1.8"), "SHA-256 "),
    ],
    ids=["nothing", "cut", "other content"],
)
def test_a_file_that_arrives_damaged_is_named_and_never_shown(sent: bytes | None, said: str) -> None:
    document = created()
    upload = allowed(document)
    if sent is not None:
        send(document, upload, sent)
    for _ in range(2):
        status, refused = complete(document, upload)
        assert (status, said in refused["message"], "CP-4000.pdf" in refused["message"]) == (
            409 if sent is None else 422,
            True,
            True,
        ), refused
    found = ask("GET", f"/{document}")[1]
    assert (found["status"], found["current"], ask("GET", f"/{document}/versions")[1]["items"]) == ("EMPTY", None, [])
    assert events("DocumentVersionAdded") == []
    listed = boto3.client("s3", REGION).list_objects_v2(Bucket=BUCKET, Prefix="plm/documents/")
    assert listed["KeyCount"] == 0
    kept = [entry.action for entry in audit.history("acme", f"document_upload/-/{upload}")]
    assert kept == ["document_upload.allowed", *([] if sent is None else ["document_upload.refused"])]
    send(document, upload, PDF)
    assert complete(document, upload)[0] == 200, "sent again as announced, it counts"


REFUSED = {
    "no workbook": (b"%PDF-1.7 %%EOF", "not application"),
    "macros": (package(**{"xl/vbaProject.bin": b"x"}), "xl/vbaProject.bin"),
    "macros of 1992": (package(**{"xl/macrosheets/sheet1.xml": "<x/>"}), "xl/macrosheets"),
    "a macro-enabled type": (package(**{"[Content_Types].xml": "<a ContentType='x.sheet.macroEnabled.main+xml'/>"}), "macros"),
    "entities": (package(**{"xl/styles.xml": '<!DOCTYPE x [<!ENTITY a "a">]><x/>'}), "xl/styles.xml"),
    "hidden in UTF-16": (package(**{"xl/styles.xml": "<!DOCTYPE x>".encode("utf-16")}), "xl/styles.xml"),
    "DDE": (package(**{"xl/externalLinks/externalLink1.xml": "<ddeLink ddeService='cmd'/>"}), "externalLink1"),
    "a template from elsewhere": (
        package(**{"xl/_rels/workbook.xml.rels": '<Relationship Type="x/attachedTemplate" TargetMode="External"/>'}),
        "loads content",
    ),
    "a bomb": (package(**{f"xl/media/{n}.xml": b"\x20" * (1 << 26) for n in range(5)}), "unpacks to more"),
    "cut": (package()[:-30], "damaged"),
    "a prefix": (b"MZ" + package(), "not application"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_an_office_file_that_could_act_or_is_another_is_refused(content: bytes, said: str) -> None:
    document = created()
    upload = allowed(document, content, fileName="plan.xlsx", mediaType=XLSX)
    send(document, upload, content)
    status, refused = complete(document, upload)
    assert (status, said in refused["message"], refused["details"]["error"]) == (422, True, "CONTENT_REFUSED"), refused
    assert ask("GET", f"/{document}")[1]["status"] == "EMPTY"


def test_what_announces_itself_wrongly_is_refused_before_anything_is_sent() -> None:
    document = created()
    for fields in (
        {"fileName": "../plan.pdf"},
        {"fileName": "plan\r\nSet-Cookie: a.pdf"},
        {"fileName": "plan\u202efdp.pdf"},
        {"fileName": "plan.pdf.exe"},
        {"fileName": "CON.pdf"},
        {"fileName": ".pdf"},
        {"fileName": "a" * 147 + ".pdf"},
        {"mediaType": "text/html"},
        {"mediaType": "image/png"},
        {"sizeBytes": 0},
        {"sizeBytes": 100 * 1024 * 1024 + 1},
        {"sizeBytes": 1e400},
        {"sha256": "abc"},
        {"key": "other/tenant"},
    ):
        status, refused = ask("POST", f"/{document}/uploads", announced(PDF, **fields))
        assert status == 400, (fields, refused)
    assert items("DOCUMENT_UPLOAD") == []


def test_a_document_belongs_to_products_changes_and_elements_and_is_found_by_each() -> None:
    deliver(a_notification("ECN-7"))
    body = {"projectCode": "PRJ-7", "productCode": "ECU-1"}
    ppap = call("change_ppaps", a_request("POST", "/api/v1/plm/ppaps", body, caller=QUAN))[1]["data"]["ppapId"]
    links = [
        {"kind": "PPAP", "id": ppap, "element": 7},
        {"kind": "PRODUCT", "id": "ECU-1"},
        {"kind": "CHANGE", "id": "ECN-7"},
    ]
    document = created(links=[*links, links[0]])
    for query in (f"ppapId={ppap}", f"ppapId={ppap}&element=7", "productCode=ECU-1", "ecnNumber=ECN-7", ""):
        found = ask("GET", f"?{query}")[1]["items"]
        assert [one["documentId"] for one in found] == [document], query
    assert ask("GET", f"?ppapId={ppap}&element=1")[1]["items"] == []
    added(document)
    path = f"/api/v1/plm/ppaps/{ppap}"
    elements = call("read_ppaps", a_request("GET", path, caller=QUAN))[1]["data"]["elements"]
    shown = {one["number"]: [held["current"]["fileName"] for held in one["documents"]] for one in elements}
    assert {number: held for number, held in shown.items() if held} == {7: ["CP-4000.pdf"]}
    assert elements[6]["status"] == "NOT_READY", "a file makes nothing ready: people do"
    assert ask("PUT", f"/{document}/links", {"links": links[:1]})[0] == 200
    assert ask("GET", "?productCode=ECU-1")[1]["items"] == []
    for wrong in ({"kind": "PPAP", "id": "NONE", "element": 1}, {"kind": "CHANGE", "id": "ECN-8"}):
        assert ask("PUT", f"/{document}/links", {"links": [wrong]})[0] == 422
    for wrong in ({"kind": "PPAP", "id": ppap}, {"kind": "PRODUCT", "id": "X", "element": 3}):
        assert ask("PUT", f"/{document}/links", {"links": [wrong]})[0] == 400


def test_a_withdrawn_document_is_read_only_where_that_is_asked_for() -> None:
    document = created(links=[{"kind": "PRODUCT", "id": "ECU-1"}])
    added(document)
    waiting = allowed(document)
    send(document, waiting, PDF)
    assert ask("POST", f"/{document}/withdrawal", {"reason": ""})[0] == 400
    for _ in range(2):
        status, found = ask("POST", f"/{document}/withdrawal", {"reason": "Replaced by CP-4001"})
        assert (status, found["status"], found["reason"]) == (200, "WITHDRAWN", "Replaced by CP-4001")
    assert [event["data"]["versions"] for event in events("DocumentWithdrawn")] == [1]
    assert ask("GET", "?productCode=ECU-1")[1]["items"] == []
    assert len(ask("GET", "?productCode=ECU-1&withdrawn=true")[1]["items"]) == 1
    status, refused = ask("GET", f"/{document}/versions/1/download")
    assert (status, "CP-4001" in refused["message"]) == (409, True)
    assert ask("GET", f"/{document}/versions/1/download?withdrawn=true")[0] == 200
    assert ask("POST", f"/{document}/uploads", announced(PDF))[0] == 409
    assert complete(document, waiting)[0] == 409


def test_another_tenants_document_is_not_there() -> None:
    document = created()
    upload = allowed(document)
    send(document, upload, PDF)
    stranger = a_principal("document:read", "document:change", tenant="globex")
    assert complete(document, upload, caller=stranger)[0] == 404
    assert complete(created(), upload)[0] == 404, "an upload belongs to its document"
    for path in ("", "/versions", "/versions/1/download"):
        assert ask("GET", f"/{document}{path}", caller=stranger)[0] == 404
    for path, body in (("/uploads", announced(PDF)), ("/withdrawal", {"reason": "x"})):
        assert ask("POST", f"/{document}{path}", body, caller=stranger)[0] == 404
    assert ask("GET", "", caller=stranger)[1]["items"] == []
    assert ask("GET", "", caller=a_principal("ppap:read"))[0] == 403


def test_where_the_store_scans_its_verdict_is_waited_for(monkeypatch: pytest.MonkeyPatch, bucket: Any) -> None:
    monkeypatch.setenv("MALWARE_SCAN", "true")
    document = created()
    upload = allowed(document)
    send(document, upload, PDF)
    place = {"Bucket": BUCKET, "Key": f"plm/uploads/acme/{document}/{upload}"}

    def says(verdict: str) -> tuple[int, Any]:
        tags = {"TagSet": [{"Key": "GuardDutyMalwareScanStatus", "Value": verdict}]}
        bucket.put_object_tagging(**place, Tagging=tags)
        return complete(document, upload)

    assert complete(document, upload)[1]["details"]["error"] == "SCAN_PENDING"
    assert says("FAILED")[1]["details"]["error"] == "SCAN_PENDING"
    assert says("THREATS_FOUND")[1]["details"]["error"] == "CONTENT_REFUSED"
    assert says("NO_THREATS_FOUND")[0] == 200
