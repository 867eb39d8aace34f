"""reladiff in a process of its own, on its own packages alone; prints what it tells, warns of and costs as JSON.

``python -S reladiff_worker.py JOB``: JOB has the addresses of two databases, the table and the compared columns. Its
options are its own defaults but one: it does not sort what it tells, as sorting NULL beside a text is an error there.
"""

import importlib
import json
import logging
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any


def told(job: dict[str, Any]) -> dict[str, Any]:
    """Return what differs as kind, id, column; ``rows`` is how many rows of a side it fetched."""
    reladiff = importlib.import_module("reladiff")
    columns = tuple(job["columns"])
    one, other = (
        reladiff.connect_to_table(job[side], job["table"], "id", extra_columns=columns) for side in ("source", "target")
    )
    diff = reladiff.diff_tables(one, other, skip_sort_results=True)
    by_key: dict[int, dict[str, list[Any]]] = defaultdict(dict)
    for sign, row in diff:
        by_key[int(row[0])][sign] = list(row[1:])
    found = []
    for key, sides in by_key.items():
        if len(sides) == 1:
            found.append(["MISSING" if "-" in sides else "EXTRA", key, ""])
            continue
        changed = [name for name, left, right in zip(columns, sides["-"], sides["+"], strict=True) if left != right]
        found += [["DIFFERENT", key, name] for name in changed]
    return {"found": found, "rows": diff.stats.get("rows_downloaded", 0)}


class Warned(logging.Handler):
    """Keeps the first warning."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.said = self.said or record.getMessage()


def main() -> None:
    """Compare once; a comparison that is refused is told with its reason."""
    warned = Warned(logging.WARNING)
    logging.getLogger().addHandler(warned)
    job = json.loads(sys.argv[1])
    began = time.perf_counter()
    try:
        figures = told(job)
    except Exception as error:
        figures = {"found": [], "rows": 0, "refused": f"{type(error).__name__}: {error}"}
    figures["said"] = warned.said
    figures["seconds"] = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures["cpu"] = used.ru_utime + used.ru_stime
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    figures["peakMb"] = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
