"""10,000 alerts at the handler (issue 12): time of a post, calls and write units of an alert, beside a baseline.

``python -m bench.intake [alerts]``. DynamoDB is moto in the same process: the times hold its work, too. The baseline
stores each alert by a plain PutItem, without grouping, order or repeat. Exits with 1 where an alert is lost, p99 is
over a second, or the cost of an alert grows with their number.
"""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from moto import mock_aws

from bench.handlers import lines_to
from enghub.core import dynamo
from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.golive.alerts import wiring as alerts
from enghub.golive.alerts.model import Integration, Protocol_
from enghub.golive.incidents import wiring as incidents
from enghub.golive.incidents.services import OperatedService
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind
from tests.conftest import REGION, create_table, forget_clients
from tests.factories import stored
from tests.factories.alert_costs import a_burst, counted
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_request
from tests.fakes.quick_moto import quicken

TABLE, AT_ONCE, GROUPS = "enghub-bench-golive", 20, 5
MOST_MS = 1000.0
HOOK = "/api/v1/golive/intake/alertmanager"
Send = Callable[[dict[str, Any]], None]


def sender() -> Send:
    """Return what posts to the handler, as an integration that was set up for it."""
    origin = Origin("acme", "", "lead", system_clock(), "bench")
    incidents.services().put("erp", OperatedService("acme", "erp", "ERP", ""), None, origin)
    made = Integration("acme", "am", "Alertmanager", Protocol_.ALERTMANAGER, "erp", group_by=("cluster",))
    alerts.integrations().put("am", made, None, origin)
    key, _ = keys.issue(KeyKind.INTAKE, "am", origin)
    handler = load_handler("golive", "receive_alerts")

    def send(body: dict[str, Any]) -> None:
        event = a_request("POST", HOOK, body, headers={"Authorization": f"Bearer {key}"})
        answer = handler(event, Context())
        if answer["statusCode"] != 200:
            raise RuntimeError(answer)

    return send


def by_hand() -> Send:
    """Return the baseline: each alert is put, and nothing else."""
    client: Any = dynamo.connection().client  # the stubs know no operations

    def send(body: dict[str, Any]) -> None:
        for one in body["alerts"]:
            name = one["labels"]["alertname"]
            item = {"pk": {"S": "BENCH"}, "sk": {"S": name}, "entity": {"S": "BENCH"}, "body": {"S": json.dumps(one)}}
            client.put_item(TableName=TABLE, Item=item)

    return send


def measured(make: Callable[[], Send], number: int) -> tuple[float, float, float, dict[str, int]]:
    """Return p99 of a post in ms, calls and write units per alert, and what lies in the table then."""
    with (
        pytest.MonkeyPatch.context() as patch,
        mock_aws(),
        contextlib.redirect_stdout(io.StringIO()),
        lines_to(io.StringIO()),
    ):
        quicken(patch)
        forget_clients()
        create_table(TABLE)
        send, times = make(), list[float]()
        with counted() as cost:
            for first in range(0, number, AT_ONCE):
                body = a_burst(first, min(AT_ONCE, number - first), GROUPS)
                began = time.perf_counter()
                send(body)
                times.append((time.perf_counter() - began) * 1000)
        found = {entity: len(stored.items(entity)) for entity in ("ALERT", "INCIDENT", "BENCH")}
    forget_clients()
    times.sort()
    return times[int(len(times) * 0.99)], cost.calls / number, cost.write_units / number, found


def main() -> int:
    """Measure; the figures go to standard output."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    os.environ.update(
        AWS_ACCESS_KEY_ID="bench",
        AWS_SECRET_ACCESS_KEY="bench",
        AWS_DEFAULT_REGION=REGION,
        AWS_REGION=REGION,
        STAGE="test",
        CONTEXT="golive",
        TABLE_NAME=TABLE,
        EVENT_BUS_NAME="bench",
        POWERTOOLS_SERVICE_NAME="bench",
        TIMERS_QUEUE_URL="https://sqs.eu-central-1.amazonaws.com/123456789012/timers",
    )
    sizes = [size for size in (10, 1_000, 10_000) if size < most] + [most]
    is_right, units = True, list[float]()
    for name, make in (("handler", sender), ("by hand", by_hand)):
        for number in sizes:
            p99, calls, written, found = measured(make, number)
            line = f"{name}: {number:,} alerts, p99 {p99:.0f} ms a post of {AT_ONCE}, "
            line += f"{calls:.2f} calls and {written:.2f} write units an alert, {found}\n"
            sys.stdout.write(line)
            if name == "handler":
                units.append(written)
                is_right &= p99 < MOST_MS and found["ALERT"] == number and found["INCIDENT"] == min(GROUPS, number)
    return 0 if is_right and units[-1] <= units[0] else 1


if __name__ == "__main__":
    sys.exit(main())
