"""``make bench``: imports, operations, upgrades, verification, each beside its baseline; ``--write`` keeps the results.

``python -m bench upgrade`` measures one part; the other sections of the results stay as they are.
"""

import argparse
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import handlers, imports, planning, upgrade, verification
from bench.cases import BASELINES, CASES

RESULTS = Path(__file__).with_name("RESULTS.md")
PARTS = ["functions", "planning", "upgrade", "verification"]
IMPORT_BUDGET = 2.5
"""Times ``import boto3`` on the same run."""


def main() -> int:
    """Measure everything; exits with 1 when an import or a number of calls is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, help="measure only this")
    parser.add_argument("--rows", type=int, default=verification.ROWS, help="of the verification")
    parser.add_argument("--write", action="store_true", help="keep the figures in bench/RESULTS.md")
    arguments = parser.parse_args()
    console = Console(width=140)
    over: list[str] = []
    sections: list[Section] = []
    if arguments.part in {None, "functions"}:
        sections += [_imports(over), _operations(over)]
    if arguments.part in {None, "planning"}:
        sections += planning.sections()
    if arguments.part in {None, "upgrade"}:
        sections += upgrade.sections(over)
    if arguments.part in {None, "verification"}:
        sections += verification.sections(over, arguments.rows)
    for title, head, rows in sections:
        shown = Table(*head, title=title)
        for row in rows:
            shown.add_row(*row)
        console.print(shown)
    for problem in over:
        console.print(f"[red]over its limit:[/red] {problem}")
    if arguments.write:
        RESULTS.write_text(_markdown(sections, _kept()), "utf-8")
    return 1 if over else 0


Section = tuple[str, list[str], list[list[str]]]


def _imports(over: list[str]) -> Section:
    baseline, *functions = imports.measure_all()
    rows = []
    for one in (baseline, *functions):
        ratio = one.cpu_ms / baseline.cpu_ms
        if ratio > IMPORT_BUDGET:
            over.append(f"import of {one.name}: {ratio:.2f} x import boto3")
        rows.append([one.name, f"{one.cpu_ms:.0f}", f"{ratio:.2f}", f"{one.memory_mb:.0f}", str(len(one.modules))])
    return "Imports (CPU, best of 5 fresh interpreters)", ["import", "ms", "x boto3", "peak MB", "modules"], rows


def _operations(over: list[str]) -> Section:
    rows = []
    spent: dict[str, float] = {}
    for case in (*BASELINES, *CASES):
        measured = handlers.measure(case)
        spent[case.name] = measured.cpu_p50_ms
        calls = sum(measured.calls.values())
        if case.limit_calls is not None and calls > case.limit_calls:
            over.append(f"{case.name}: {calls} AWS calls, {case.limit_calls} allowed")
        rows.append(
            [
                case.name,
                f"{measured.cpu_p50_ms:.2f}",
                f"{measured.cpu_p99_ms:.2f}",
                "" if case.by_hand is None else f"{measured.cpu_p50_ms / spent[case.by_hand]:.2f}",
                "" if case.limit_ms is None else f"{case.limit_ms:g}",
                ", ".join(f"{operation} {count}" for operation, count in measured.calls.items()) or "none",
                "" if case.limit_calls is None else str(case.limit_calls),
            ]
        )
    head = ["operation, warm", "CPU p50 ms", "CPU p99 ms", "x by hand", "limit ms", "AWS calls, in sequence", "limit"]
    return f"Operations (in process, {handlers.ROUNDS} invocations, AWS answers replayed)", head, rows


def _kept() -> dict[str, str]:
    """Return the sections of the last results, by title."""
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    parts = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {title: body.strip() for title, _, body in parts}


def _markdown(sections: list[Section], kept: dict[str, str]) -> str:
    for title, head, rows in sections:
        lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
        kept[title] = "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
    first = (
        "# Benchmark results\n\n"
        f"Python {platform.python_version()}, {platform.machine()}, a shared two-core machine: use the ratios.\n"
        "Written by `make bench`; the baselines are measured in the same run.\n"
    )
    return first + "".join(f"\n## {title}\n\n{body}\n" for title, body in kept.items())


if __name__ == "__main__":
    sys.exit(main())
