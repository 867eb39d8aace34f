"""What a pipeline shows of an upgrade besides its log: an annotation, the job's summary, a JUnit file (UPG-22)."""

import os
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

Found = dict[str, Any]
_STOPPED = frozenset({"FAILED", "ABORTED", "ROLLED_BACK", "ROLLBACK_FAILED"})
_OUTCOME = {"FAILED": "failure", "SKIPPED": "skipped"}


def tell(found: Found, junit: Path | None) -> str | None:
    """Write what the pipeline collects; return the line by which GitHub marks the run, None elsewhere."""
    if junit is not None:
        junit.write_bytes(junit_of(found))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(summary_of(found))
    if os.environ.get("GITHUB_ACTIONS") == "true" and found["status"] in _STOPPED:
        return annotation(found)
    return None


def annotation(found: Found) -> str:
    """Return a workflow command that shows the failure on the run's page."""
    at = (found["breakpoint"] or {}).get("step") or "upgrade"
    title = _escaped(f"{found['siteId']}: {at}").replace(":", "%3A").replace(",", "%2C")
    return f"::error title={title}::{_escaped(found['summary'])}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def summary_of(found: Found) -> str:
    """Return the execution as Markdown."""
    versions = f"{found['upgradeBeforeVersion']} to {found['upgradeAfterVersion']}"
    lines = [
        f"### {_cell(found['siteId'])} ({_cell(found['environment'])}): {versions}, {found['status']}",
        "",
        _cell(found["summary"]),
        "",
        "| phase | step | status | tries | seconds |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one['phase']} | {_cell(one['step'])} | {one['status']} | {one['tries']} | {one['activeSeconds']:.1f} |"
        for one in _steps(found)
    ]
    return "\n".join([*lines, "", ""])


def _cell(text: str) -> str:
    """Return text that neither ends a cell nor marks anything up."""
    plain = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in r"\`*_[]<>|#" else letter for letter in plain)


def junit_of(found: Found) -> bytes:
    """Return the steps as test cases of one suite, as GitLab and Jenkins read them."""
    steps = _steps(found)
    by_status = Counter(one["status"] for one in steps)
    suite = ET.Element(
        "testsuite",
        name=f"{found['siteId']} {found['upgradeBeforeVersion']} to {found['upgradeAfterVersion']}",
        tests=str(len(steps)),
        failures=str(by_status["FAILED"]),
        skipped=str(len(steps) - by_status["FAILED"] - by_status["SUCCEEDED"]),
        errors="0",
        time=f"{sum(one['activeSeconds'] for one in steps):.3f}",
    )
    for one in steps:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=f"{found['siteId']}.{one['phase']}",
            name=one["step"],
            time=f"{one['activeSeconds']:.3f}",
        )
        if one["status"] in _OUTCOME:
            ET.SubElement(case, _OUTCOME[one["status"]], message=_xml(one["error"] or "")).text = _xml(
                one["error"] or ""
            )
        elif one["status"] != "SUCCEEDED":
            ET.SubElement(case, "skipped", message=f"did not run: {one['status']}")
    return bytes(ET.tostring(suite, encoding="utf-8", xml_declaration=True))


def _xml(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(letter for letter in text if letter in "\t\n\r" or " " <= letter <= "\ud7ff" or letter >= "\ue000")


def _steps(found: Found) -> list[Found]:
    return [*found["steps"], *(found["rollback"] or {"steps": ()})["steps"]]
