"""One step in a process of its own, slice by slice as in the function; prints seconds, slices and peak memory as JSON.

`work` calls it: `python -m bench.upgrade_worker DATABASE_URL CLASS_NAME PARAMETERS SCRIPT_FOLDER REDIS_URL`.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.processes import environment, peak_mb
from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.slices import Budget, SliceState
from enghub.upgrade.gateways.caches import RedisCache
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.ports import Ports
from enghub.upgrade.stepping.step import Facts, StepContext
from enghub.upgrade.steps.registry import step_class

SOFT_SECONDS, HARD_SECONDS = 45, 840
"""As functions/upgrade/run_slice: a slice ends politely after the first."""


def work(
    url: sa.URL, class_name: str, parameters: dict[str, Any], folder: str = "", redis_url: str = ""
) -> dict[str, Any]:
    """Run a step in a process of its own; return its figures."""
    address = url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "bench.upgrade_worker", address, class_name, json.dumps(parameters)]
    done = subprocess.run([*command, folder, redis_url], capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise RuntimeError(f"{class_name}: {done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Run one step to its end."""
    url, class_name, parameters, folder, redis = sys.argv[1:]
    step = step_class(class_name)()
    given = json.loads(parameters)
    assert step.validate(given) == (), step.validate(given)
    address = Address(Dialect.MARIADB, sa.make_url(url))
    cursor: Any = {}
    started, slices = time.perf_counter(), 0
    while True:
        slices += 1
        context = StepContext(
            facts=Facts(
                "bench", "01BENCH", "BENCH", "bench", "1.0.0", "1.0.1", "1.0.1", class_name, "startup_pre_process"
            ),
            parameters=given,
            script=lambda path: (Path(folder) / path).read_text("utf-8"),
            databases=databases_of(address, 1),
            hooks=Hooks({}),
            budget=Budget.of(SOFT_SECONDS, HARD_SECONDS),
            ports=Ports(cache=lambda name: RedisCache(name, redis)),
        )
        ended = step.run(context, cursor)
        if ended.state is SliceState.DONE:
            break
        cursor = ended.cursor
        time.sleep(ended.wait_seconds)
    figures = {
        "seconds": time.perf_counter() - started,
        "slices": slices,
        "peakMb": peak_mb(),
        "result": ended.result,
    }
    sys.stdout.write(json.dumps(figures, default=str))


if __name__ == "__main__":
    main()
