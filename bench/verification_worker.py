"""A verification in a process of its own, slice by slice as its function does; prints its figures as JSON.

``python -m bench.verification_worker JOB``: JOB has the addresses of two databases, the table and the compared columns.
"""

import json
import resource
import sys
import time

from bench.processes import peak_mb
from bench.verification_kinds import COLUMNS
from enghub.golive.comparisons.model import TableCheck, Wanted
from enghub.golive.gateways.verifying import slice_of
from enghub.golive.verification.wiring import HARD_SECONDS, SOFT_SECONDS
from enghub.kit.work.slices import Budget


def main() -> None:
    """Compare once."""
    job = json.loads(sys.argv[1])
    ignored = tuple(column.name for column in COLUMNS if column.name not in job["columns"])
    wanted = Wanted("source", "target", (TableCheck(job["table"], job["table"], ignore=ignored),))
    secrets = ({"url": job["source"]}, {"url": job["target"]})
    found, rows, cursor, slices, began = [], 0, "", 0, time.perf_counter()
    while True:
        part, following = slice_of(secrets, wanted, cursor, Budget.of(SOFT_SECONDS, HARD_SECONDS))
        rows, slices = rows + part.rows, slices + 1
        assert len(part.listed) == sum(part.counts.values()), "more differs than a slice lists"
        found += [[one.kind.value, one.key.removeprefix("id="), one.column] for one in part.listed]
        if following is None:
            break
        cursor = following
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "found": [[kind, int(key or 0), column] for kind, key, column in found],
        "rows": rows,
        "seconds": seconds,
        "cpu": used.ru_utime + used.ru_stime,
        "slices": slices,
        "peakMb": peak_mb(),
    }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
