"""Files dropped into the exchange bucket, through the functions to table and bucket (PLM-21; cases PF8, PF22)."""

import csv
import io
import json
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from enghub.core import clock
from enghub.plm.gateways import exchange
from enghub.sandbox.plm import catalogue
from tests.conftest import REGION
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import a_record, call, get, handler, post, queued
from tests.factories.stored import commands, emptied, events, items, products_hash
from tests.fakes.plm_server import PlmServer
from tests.fakes.soap_server import SoapServer
from tests.functional.plm.test_soap import servers, synced
from tests.functional.plm.test_sync import SYNC, executed, report
from tests.functional.plm.test_sync_aftermath import rolled_back
from tests.unit.plm.test_file_reading import CODECS, FORMS, in_csv, in_json, in_lines, in_xml

BUCKET = "enghub-test-files"
FOLDER = "plm/exchange/acme/default"
RULES = "/api/v1/plm/connections/default/rules"
__all__ = ["servers"]


@pytest.fixture(autouse=True)
def bucket(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("BUCKET_NAME", BUCKET)
    for made in (exchange.bucket, exchange.intake):
        made.cache_clear()
    store = boto3.client("s3", REGION)
    store.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    store.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return store


def dropped(bucket: Any, content: str | bytes, name: str = "night.csv", key: str = "") -> dict[str, Any]:
    """Drop a file; returns the event that S3 tells of it."""
    data = content.encode() if isinstance(content, str) else content
    key = key or f"{FOLDER}/{name}"
    made = bucket.put_object(Bucket=BUCKET, Key=key, Body=data)
    told = {"key": key, "size": len(data), "etag": made["ETag"].strip('"'), "version-id": made["VersionId"]}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": BUCKET}, "object": told}}


def told(*bodies: dict[str, Any]) -> list[Any]:
    failed: list[Any] = handler("take_plm_file")(queued(*bodies), Context())["batchItemFailures"]
    return failed


def taken(bucket: Any, content: str | bytes, name: str = "night.csv") -> dict[str, Any]:
    """Drop a file and do what then happens by itself; returns the report of its run."""
    assert told(dropped(bucket, content, name)) == []
    run_id = newest()
    executed(run_id)
    assert told(*commands("take_plm_file")[-1:]) == []
    return report(run_id)


def newest() -> str:
    found: str = max(items("SYNC_RUN"), key=lambda item: item["requested_at"])["pk"].rpartition("#")[2]
    return found


def beside(bucket: Any, name: str = "night.csv") -> list[dict[str, str]]:
    """Return the report object beside a file."""
    body = bucket.get_object(Bucket=BUCKET, Key=f"{FOLDER}/{name}.errors.csv")["Body"].read().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def rules(**wanted: Any) -> None:
    admin = a_principal("plm_setup:change")
    status, body = call("change_plm_setup", a_request("PUT", RULES, {"revision": 0, **wanted}, caller=admin))
    assert status == 200, body


def test_the_same_source_by_rest_soap_csv_json_and_xml_gives_the_same_products(
    bucket: Any, servers: tuple[PlmServer, SoapServer]
) -> None:
    records = [catalogue.record(number) for number in range(200)]
    hashes, counts = {}, {}
    for name in ("default", "soap"):
        counts[name] = synced(name)["records"]
        hashes[name] = products_hash()
        emptied()
    for name, write in {"a.csv": in_csv, "b.json": in_json, "c.json": in_lines, "d.xml": in_xml}.items():
        data = taken(bucket, write(*records), name)
        counts[name], hashes[name] = data["records"], products_hash()
        assert len(beside(bucket, name)) == 5
        emptied()
    assert len(set(hashes.values())) == 1, hashes
    assert all(one == {"created": 195, "updated": 0, "unchanged": 0, "rejected": 5} for one in counts.values()), counts


def test_a_bad_line_is_told_beside_the_file_and_the_rest_lands(bucket: Any) -> None:
    good = [a_record(number) for number in range(1, 4)]
    bad = [a_record(4, updatedAt="soon"), a_record(5, productName="=1+1"), a_record(5, unit="")]
    data = taken(bucket, in_csv(*good[:2], *bad, good[2]) + "short,row\r\n")
    assert (data["status"], data["trigger"], data["source"]) == ("SUCCEEDED", "FILE", f"{FOLDER}/night.csv")
    assert data["records"] == {"created": 3, "updated": 0, "unchanged": 0, "rejected": 4}
    rows = beside(bucket)
    assert [(one["place"], one["field"], one["reason"]) for one in rows] == [
        ("line 4", "updatedAt", "FORMAT"),
        ("line 5", "productName", "FORMULA"),
        ("line 6", "unit", "REQUIRED"),
        ("line 8", "", "CELLS"),
    ]
    assert rows[1]["value"] == "'=1+1"
    assert rows[0]["message"] == "updatedAt has the wrong format: soon"
    assert "格式错误" in rows[0]["消息"]
    assert {one["place"] for one in data["rejected"]} == {one["place"] for one in rows}


def test_the_same_event_twice_at_once_or_after_the_run_has_one_effect(bucket: Any) -> None:
    event = dropped(bucket, in_csv(a_record(1)))
    assert told(event, event) == []
    run_id = newest()
    executed(run_id)
    assert told(event) == []
    assert len(items("SYNC_RUN")) == 1
    assert len(commands("launch_sync")) == 1
    assert [one["event_type"] for one in events()] == ["ProductSyncCompleted"]
    again = taken(bucket, in_csv(a_record(1)))
    assert again["records"]["unchanged"] == 1
    assert len(items("SYNC_RUN")) == 2


def test_a_file_that_cannot_be_read_is_a_run_that_failed_and_nothing_of_it_landed(bucket: Any) -> None:
    whole = in_xml(*(a_record(number) for number in range(1200)))
    assert told(dropped(bucket, whole[:-40], "cut.xml")) == []
    data = report(newest())
    assert data["status"] == "FAILED"
    assert "the file is refused: line 1202, column" in data["failure"]
    assert (items("PRODUCT"), commands("launch_sync")) == ([], [])
    (row,) = beside(bucket, "cut.xml")
    assert (row["reason"], "cannot be read" in row["message"], "无法解析" in row["消息"]) == ("REFUSED", True, True)
    assert [one["event_type"] for one in events()] == ["ProductSyncFailed"]
    unreadable: dict[str | bytes, str] = {
        "": "names the columns",
        in_csv(): "no records",
        in_csv(a_record()).encode("utf-16"): "UTF_8",
        "<!DOCTYPE x><x/>": "no column",
    }
    for content, words in unreadable.items():
        assert told(dropped(bucket, content)) == []
        assert words in report(newest())["failure"], content


def test_a_file_that_is_too_large_is_refused_unread(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    event = dropped(bucket, in_csv(a_record(1)))
    event["detail"]["object"]["size"] = 100_000_001
    assert told(event) == []
    assert "more than 100000000 bytes" in report(newest())["failure"]


@pytest.mark.parametrize("encoding", list(CODECS))
@pytest.mark.parametrize("form", FORMS)
def test_files_are_read_by_the_encoding_that_the_connection_declares(bucket: Any, encoding: Any, form: str) -> None:
    rules(fileEncoding=encoding.value)
    text = FORMS[form][1](a_record(1, productName="螺母 M8, µ"), a_record(2))
    name = f"night.{FORMS[form][0].value}"
    assert taken(bucket, text.encode(CODECS[encoding]), name)["records"]["created"] == 2
    assert items("PRODUCT")[0]["name"] == "螺母 M8, µ"


def test_part_numbers_keep_their_zeros_and_look_alikes_are_refused_by_line(bucket: Any) -> None:
    codes = ["00123", "123", "1E5", "ＡＢ－１２", "AB\u221212", "AB-13\u200b"]
    records = [a_record(n, productCode=code, materialCode=None) for n, code in enumerate(codes)]
    assert taken(bucket, in_csv(*records))["records"]["created"] == 4
    assert {one["pk"].rpartition("#")[2] for one in items("PRODUCT")} == {"00123", "123", "1E5", "AB-12"}
    assert [(one["place"], one["reason"]) for one in beside(bucket)] == [
        ("line 6", "LOOK_ALIKE"),
        ("line 7", "FORMAT"),
    ]


def test_a_large_file_lands_batch_by_batch_and_a_run_of_it_is_rolled_back(bucket: Any) -> None:
    records = [a_record(number, productCode=f"X-{number:05d}") for number in range(1, 1301)]
    data = taken(bucket, in_lines(*records), "big.json")
    assert (data["batches"]["total"], data["records"]["created"]) == (3, 1300)
    parts = bucket.list_objects_v2(Bucket=BUCKET, Prefix="plm/exchange-work/acme/")["Contents"]
    assert [one["Key"].rpartition("/")[2] for one in parts] == [
        "000000.json",
        "000001.json",
        "000002.json",
        "index.json",
    ]
    assert rolled_back(data["runId"])["status"] == "DONE"
    assert items("PRODUCT") == []


def test_a_file_moves_no_watermark_and_older_data_overwrite_nothing(bucket: Any, servers: Any) -> None:
    synced("default")
    (before,) = items("WATERMARK")
    old = {**catalogue.record(1), "productName": "Old", "updatedAt": "2024-01-01T00:00:00Z"}
    new = {**catalogue.record(2), "productName": "New", "updatedAt": clock.to_text(clock.system_clock())}
    data = taken(bucket, in_json(old, new), "late.json")
    assert data["records"] == {"created": 0, "updated": 1, "unchanged": 1, "rejected": 0}
    assert items("WATERMARK") == [before]
    assert data["gone"] == 0


@pytest.mark.parametrize(
    "key",
    [
        "plm/exchange/globex/default/a.csv",
        "plm/exchange/acme/unknown/a.csv",
        "plm/exchange/acme/default/a.csv.errors.csv",
    ],
)
def test_a_file_of_nobody_s_is_left_alone(bucket: Any, key: str) -> None:
    assert told(dropped(bucket, in_csv(a_record()), key=key)) == []
    assert (items("SYNC_RUN"), items("PRODUCT")) == ([], [])


def test_a_store_that_does_not_answer_is_asked_again(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    event = dropped(bucket, in_csv(a_record(1)))
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def away(self: Any, name: str, wanted: Any) -> Any:
        if name == "GetObject":
            raise self.exceptions.from_code("x")({"Error": {"Code": "SlowDown"}}, name)
        return real(self, name, wanted)

    with monkeypatch.context() as broken:
        broken.setattr(BaseClient, "_make_api_call", away)
        assert len(told(event)) == 1
    assert told(event) == []
    bucket.delete_object(
        Bucket=BUCKET, Key=event["detail"]["object"]["key"], VersionId=event["detail"]["object"]["version-id"]
    )
    gone = dropped(bucket, in_csv(a_record(1)), "gone.csv")
    told_of = gone["detail"]["object"]
    bucket.delete_object(Bucket=BUCKET, Key=told_of["key"], VersionId=told_of["version-id"])
    assert told(gone) == []
    assert "not there any more" in report(newest())["failure"]
    unseen = dropped(bucket, in_csv(a_record(1)), "unseen.csv")
    bucket.delete_object(Bucket=BUCKET, Key=unseen["detail"]["object"]["key"])

    def refused(self: Any, name: str, wanted: Any) -> Any:
        if name == "GetObject":
            raise ClientError({"Error": {"Code": "AccessDenied"}}, name)
        return real(self, name, wanted)

    monkeypatch.setattr(BaseClient, "_make_api_call", refused)
    assert told(unseen) == [], "S3 says 403 of what is not there to who may list a prefix only"
    assert "not there any more" in report(newest())["failure"]


def test_a_failed_batch_of_a_file_is_run_again_alone(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told(dropped(bucket, in_csv(*(a_record(n, productCode=f"X-{n:05d}") for n in range(600)))))
    run_id, real = newest(), BaseClient._make_api_call  # type: ignore[attr-defined]

    def away(self: Any, name: str, wanted: Any) -> Any:
        if name == "GetObject" and wanted["Key"].endswith("000001.json"):
            raise self.exceptions.from_code("x")({"Error": {"Code": "SlowDown"}}, name)
        return real(self, name, wanted)

    with monkeypatch.context() as broken:
        broken.setattr(BaseClient, "_make_api_call", away)
        executed(run_id)
    assert report(run_id)["records"]["created"] == 500
    assert post("start_sync", f"{SYNC}/{run_id}/batches/2/rerun")[0] == 202
    executed(run_id, {"number": 2, "after": "00000500", "up_to": None}, 2)
    assert report(run_id)["records"]["created"] == 600


def test_the_run_and_its_lines_are_read_by_those_who_may(bucket: Any) -> None:
    taken(bucket, in_csv(a_record(1)))
    status, body = get("read_syncs", f"{SYNC}/{newest()}")
    assert (status, json.dumps(body["data"]["source"])) == (200, f'"{FOLDER}/night.csv"')
