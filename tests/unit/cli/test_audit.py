"""`enghub audit` keeps anchors outside the tables and believes only the first one that was put (MES-20; case S8)."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from enghub_cli.commands.audit import Bucket, FileSigner, Folder, KmsSigner, read_anchors, written
from tests.unit.core.test_audit_proof import anchors, computed_anew, proof, table

REGION = "eu-central-1"


def test_an_anchor_in_a_folder_is_put_once_and_read_back(tmp_path: Path) -> None:
    place, signer = Folder(tmp_path), FileSigner(b"key")
    for one in anchors():
        place.put(f"mes/acme/{one.day}.json", written(one, signer))
    with pytest.raises(FileExistsError):
        place.put(f"mes/acme/{anchors()[0].day}.json", "another")
    found = read_anchors(place, signer, "mes")
    assert [(one.day, holds) for one, holds in found] == [(one.day, True) for one in anchors()]
    assert list(proof(table()).findings(found)) == []
    assert list(proof(computed_anew(table())).findings(found))
    assert not any(holds for _, holds in read_anchors(place, FileSigner(b"other"), "mes"))


@mock_aws
def test_an_anchor_in_a_bucket_that_was_overwritten_is_read_in_its_first_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    s3: Any = boto3.client("s3", region_name=REGION)
    kms: Any = boto3.client("kms", region_name=REGION)
    s3.create_bucket(Bucket="anchors", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="anchors", VersioningConfiguration={"Status": "Enabled"})
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    place, signer = Bucket(s3, "anchors", "audit/"), KmsSigner(kms, key)
    good = anchors()[0]
    place.put(f"mes/acme/{good.day}.json", written(good, signer))
    s3.put_object(Bucket="anchors", Key=f"audit/mes/acme/{good.day}.json", Body=b"{}")
    [(one, holds)] = read_anchors(place, signer, "mes")
    assert holds
    assert one == good
