"""What a pipeline's log and its page show of an upgrade: nothing cut, nothing said eight times (N17)."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from enghub_cli.hub import Api
from enghub_cli.main import app
from enghub_cli.pipeline import annotation, junit_of, summary_of

ID = "01K9ZW4X7Q2M8N5R3T6V1B0C4D"
CAUSE = "Script v/1.sql, statement 3 of 3 (line 3) failed: no such table: nowhere"
LONG = "a-rather-long-name-of-a-site-that-no-table-of-eighty-columns-could-hold"


def a_step(name: str, status: str, **changes: Any) -> dict[str, Any]:
    found = {
        "step": f"2.16.5/{name}",
        "name": name,
        "phase": "startup_pre_process",
        "version": "2.16.5",
        "status": status,
        "attempts": 1,
        "tries": 8,
        "activeSeconds": 0.4,
        "progress": None,
        "error": CAUSE if status == "FAILED" else None,
    }
    return {**found, **changes}


FOUND: dict[str, Any] = {
    "executionId": ID,
    "siteId": LONG,
    "environment": "test",
    "upgradeBeforeVersion": "2.16.4",
    "upgradeAfterVersion": "2.16.5",
    "status": "FAILED",
    "totalSteps": 3,
    "completedSteps": 1,
    "currentStep": "2.16.5/main",
    "steps": [a_step("first", "SUCCEEDED"), a_step("main", "FAILED"), a_step("last", "PENDING", tries=0)],
    "error": CAUSE,
    "breakpoint": {"step": "2.16.5/main"},
    "summary": f"Stopped at 2.16.5/main; 1 of 3 steps are done. Cause: {CAUSE}. Correct it, then: x",
    "rollback": None,
    "queuePosition": None,
}
LOG = [
    entry
    for _ in range(8)
    for entry in (
        {"timestamp": "2026-11-28T10:00:00Z", "level": "info", "stepId": "2.16.5/main", "message": "begins, attempt 1"},
        {
            "timestamp": "2026-11-28T10:00:01Z",
            "level": "error",
            "stepId": "2.16.5/main",
            "message": f"attempt 1: {CAUSE}",
        },
    )
]


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Result:
    """`status --follow` of a failed upgrade, in GitHub's runner."""

    def call(_: Api, _method: str, path: str, *__: Any, **___: Any) -> Any:
        return {"items": LOG, "cursor": None} if path.startswith("/log") else FOUND

    monkeypatch.setattr(Api, "call", call)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("ENGHUB_API", "http://hub.example")
    monkeypatch.setenv("ENGHUB_TOKEN", "t")
    return CliRunner().invoke(app, ["upgrade", "status", ID, "--follow", "--junit", str(tmp_path / "junit.xml")])


def test_a_log_says_the_cause_once_and_cuts_nothing(followed: Result, tmp_path: Path) -> None:
    said = followed.output
    log = "\n".join(line for line in said.splitlines() if not line.startswith("::"))
    assert followed.exit_code == 1
    assert log.count(CAUSE) == 1
    assert log.count("attempt 1") <= 4
    assert ID in said
    assert LONG in said
    assert "2.16.5/main  status: FAILED, tries: 8, seconds: 0.4, phase: startup_pre_process" in said
    assert not {"…", "│", "┃", "━"} & set(said)
    assert "### " in (tmp_path / "summary.md").read_text("utf-8")
    assert ET.parse(tmp_path / "junit.xml").getroot().get("failures") == "1"


def test_the_run_is_marked_with_the_failure_on_one_line(followed: Result) -> None:
    (marked,) = [line for line in followed.output.splitlines() if line.startswith("::error")]
    assert marked.startswith(f"::error title={LONG}%3A 2.16.5/main::Stopped at 2.16.5/main")


def test_what_a_site_says_is_no_command_of_the_runner() -> None:
    nasty = {**FOUND, "siteId": "x,y::z", "summary": "50%\n::set-output name=x::y"}
    assert annotation(nasty) == "::error title=x%2Cy%3A%3Az%3A 2.16.5/main::50%25%0A::set-output name=x::y"
    assert "\n" not in annotation(nasty)


def test_the_summary_of_the_job_is_a_table_whose_cells_hold() -> None:
    text = summary_of({**FOUND, "steps": [a_step("a|b`<b>", "FAILED")]})
    assert "| startup_pre_process | 2.16.5/a\\|b\\`\\<b\\> | FAILED | 8 | 0.4 |" in text


def test_the_junit_file_has_a_case_per_step() -> None:
    suite = ET.fromstring(junit_of({**FOUND, "steps": [*FOUND["steps"], a_step("odd", "FAILED", error="a\x00<b>")]}))
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    cases = [(case.get("name"), [child.tag for child in case]) for case in suite]
    assert cases == [
        ("2.16.5/first", []),
        ("2.16.5/main", ["failure"]),
        ("2.16.5/last", ["skipped"]),
        ("2.16.5/odd", ["failure"]),
    ]
    assert [found.get("message") for found in suite.iter("failure")] == [CAUSE, "a<b>"]
