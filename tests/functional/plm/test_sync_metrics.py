"""What metrics say of sync runs, by sync type, and when one is late (PLM-20)."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from enghub.core.clock import system_clock
from enghub.core.dynamo import key
from enghub.core.errors import Unavailable
from tests.factories.http import Context
from tests.factories.plm import a_record, handler
from tests.factories.stored import items, tampered
from tests.fakes.plm_server import PlmServer
from tests.fakes.soap_server import SoapServer
from tests.functional.plm.test_files import bucket, dropped, taken, told
from tests.functional.plm.test_soap import servers, synced
from tests.functional.plm.test_sync import executed
from tests.unit.plm.test_file_reading import in_csv

__all__ = ["bucket", "servers"]


def metrics(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, float]]:
    """Return the metrics told since the last look: name, sync type, value."""
    found = []
    for line in capsys.readouterr().out.splitlines():
        said = json.loads(line) if line.startswith("{") else {}
        names = [one["Name"] for each in said.get("_aws", {}).get("CloudWatchMetrics", ()) for one in each["Metrics"]]
        for name in names:
            value = said[name]
            found.append((name, said.get("sync_type", ""), value[0] if isinstance(value, list) else value))
    return [one for one in found if one[0].startswith("plm.sync.") and one[0].split(".")[2] in WANTED]


WANTED = {"success", "failure", "failures", "duration", "age"}


def test_runs_are_told_by_what_they_are(
    bucket: Any, servers: tuple[PlmServer, SoapServer], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    first = synced("default")["runId"]
    assert [one[:2] for one in metrics(capsys)] == [("plm.sync.success", "FULL"), ("plm.sync.duration", "FULL")]
    executed(first)
    assert metrics(capsys) == [], "a task that comes again tells nothing twice"
    servers[0].scenario = replace(servers[0].scenario, broken_object="OBJ-0000150")
    synced("default")
    assert [one[:2] for one in metrics(capsys)] == [
        ("plm.sync.failure", "FULL"),
        ("plm.sync.failures", ""),
        ("plm.sync.duration", "FULL"),
    ]
    taken(bucket, in_csv(a_record(1)))
    assert ("plm.sync.success", "FILE", 1) in metrics(capsys)
    told(dropped(bucket, "no,header\n"))
    assert ("plm.sync.failure", "FILE", 1) in metrics(capsys)


def test_the_age_of_the_last_success_is_told_and_one_that_nobody_can_say_is_seen(
    servers: tuple[PlmServer, SoapServer], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLM_CONNECTIONS", "default,unknown")

    def swept() -> list[tuple[str, str, float]]:
        with pytest.raises(Unavailable):
            handler("sweep_syncs")({}, Context())
        return metrics(capsys)

    assert swept() == [], "never synced is not late"
    synced("default")
    (watermark,) = items("WATERMARK")
    began: datetime = system_clock() - timedelta(hours=27)
    tampered((key("T", "acme", "WATERMARK", "default"), watermark["sk"]), at=began)
    capsys.readouterr()
    ((name, _, seconds),) = swept()
    assert name == "plm.sync.age"
    assert 27 * 3600 <= seconds < 27 * 3600 + 600
