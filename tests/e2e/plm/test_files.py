"""A file dropped into the bucket of the deployed hub: S3, the default bus, queue, run, report beside it (PLM-21)."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from botocore.exceptions import ClientError

from enghub_cli.context import Cloud
from tests.e2e.plm.conftest import Plm
from tests.factories.plm import a_record
from tests.waiting import until

pytestmark = pytest.mark.e2e


def test_a_dropped_file_lands_and_its_bad_lines_are_told_beside_it(
    cloud: Cloud, plm: Plm, engineer: httpx.Client
) -> None:
    assert plm.api.tenant_id == "acme"
    store, name = cloud.client("s3"), uuid4().hex[:6].upper()
    (bucket,) = [one["Name"] for one in store.list_buckets()["Buckets"] if "-files-" in one["Name"]]
    records = [a_record(n, objectId=f"F-{name}-{n}", productCode=f"F-{name}-{n}", materialCode=None) for n in range(3)]
    key = f"plm/exchange/acme/default/{name}.json"
    store.put_object(Bucket=bucket, Key=key, Body=json.dumps([*records, a_record(9, unit="")]).encode())

    def told() -> str | None:
        try:
            return str(store.get_object(Bucket=bucket, Key=f"{key}.errors.csv")["Body"].read().decode("utf-8-sig"))
        except ClientError:
            return None

    rows = until(told, seconds=150, every=0.5).splitlines()
    assert len(rows) == 2
    assert "unit is missing" in rows[1]
    found: Any = engineer.get("/api/v1/plm/products", params={"productCode": f"F-{name}-1"}).json()["data"]["items"]
    assert [one["syncStatus"] for one in found] == ["SYNCED"]
