"""Every operation of configuration with generated requests: no answer that its document does not account for."""

from collections.abc import Callable

import boto3
import pytest

from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained
from tools.rights import declared

_ZONE = r"(configs\.\d+\.)?timeZone: write an IANA time zone"
_VERSION = f"version: neither is there|If-Match: .* is no ETag|{_ZONE}"
_DEFINITION = (
    r"flagKey: |.*: (write (a|an|texts)|give every|name |say either|let the weights|the target rules|[A-Z_]+ takes"
    r"|integers beyond|shorten|a flag is|a segment names)"
)
_BODY = "PARSE_ERROR: body is not valid: (a number has more than 38 digits|it holds text that is not valid Unicode)"
_ETAG = "If-Match: send the ETag"
_TEMPLATE = r"(templateSchema|defaultValues|validationRules|file)[.:]|body: the form cannot be read"
EXPLAINED = {
    "create_flag": _DEFINITION,
    "update_flag": f"{_ETAG}|{_DEFINITION}",
    "delete_flag": _ETAG,
    "look_ahead": _DEFINITION,
    "import_configs": "file: |body: the form cannot be read",
    "upload_backup": "file: |body: the form cannot be read",
    "create_release": (
        r"(strategyConfig\.(subjects|targetPercentage|incrementStep)|rollbackCondition\.\w+|endTime|metricsConfig"
        r"|targetPercentage|incrementStep): "
    ),
    "change_strategy": r"(targetPercentage|incrementStep): ",
    "put_segment": f"segmentKey: |{_DEFINITION}",
    "apply_folder": ".*: ",
    "ask_for_right": "verbs: name a role|.*: (let it end|scope)|validUntil: ",
    "grant_right": "verbs: name a role|.*: (let it end|scope)|validUntil: ",
    "export_audit": "(from|to): ",
    **dict.fromkeys(("evaluate_flag", "evaluate_flag_of", "evaluate_flags", "evaluate_flags_of"), _BODY),
    **dict.fromkeys(("put_config_template", "import_config_template"), _TEMPLATE),
    **dict.fromkeys(("apply_config_template", "upgrade_config_template"), r"values\.|TEMPLATE_NOT_FOUND"),
    "change_configs": _ZONE,
    "create_config": f"{_ZONE}|configValue: (write digits as JSON does|write true or false|it cannot be read)",
    "delete_config": _VERSION,
    "patch_config": _VERSION,
    "put_approval_rule": ".*: a stage names roles",
    "replace_config": _VERSION,
}
"""The version is a field of the body or an ETag in If-Match; batch, import, export and rollback are no keys; a zone is
one of the IANA database; a value is of its type; a stage of approval has people enough for its voices."""


@pytest.mark.parametrize("operation", operations("settings"))
def test_every_answer_is_accounted_for(
    account: Callable[..., str], operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account("settings")
    boto3.client("s3", "us-east-1").create_bucket(Bucket="enghub-test-files")
    monkeypatch.setenv("BUCKET_NAME", "enghub-test-files")
    found = unexplained(Gateway("settings", a_principal(*declared())), operation, EXPLAINED)
    assert not found, "\n".join(found)
