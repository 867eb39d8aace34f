"""``enghub status``: what runs, what waits, what was executed last."""

import json
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.markup import escape

from enghub_cli import context
from enghub_cli.console import err, out
from enghub_cli.context import STAGE, Cloud
from enghub_cli.tables import table_of

PREFIX = f"enghub-{STAGE}-"
EXECUTIONS_PER_WORKFLOW = 5
AT_ONCE = 8
DEPTHS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue and how many messages wait in it or are being worked on."""

    name: str
    waiting: int
    in_work: int


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a workflow."""

    workflow: str
    name: str
    status: str
    started_at: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the endpoints, functions, queues with their depths, and the latest executions."""
    cloud = context.connect()
    with err.status("Asking the local cloud ..."), ThreadPoolExecutor(AT_ONCE) as pool:
        report = {
            "api": cloud.api_base,
            "aws": cloud.running.endpoint,
            "pid": cloud.running.pid,
            "functions": functions(cloud),
            "queues": [asdict(queue) for queue in queues(cloud, pool)],
            "executions": [asdict(execution) for execution in executions(cloud, pool)],
        }
    if as_json:
        out.print_json(json.dumps(report))
    else:
        _show(report)


def functions(cloud: Cloud) -> list[str]:
    """Return the names of the deployed functions."""
    pages = cloud.client("lambda").get_paginator("list_functions").paginate()
    names = (function["FunctionName"] for page in pages for function in page["Functions"])
    return sorted(name for name in names if name.startswith(PREFIX))


def queues(cloud: Cloud, pool: Executor) -> list[Queue]:
    """Return the queues with their depths."""
    service = cloud.client("sqs")

    def depth(address: str) -> Queue:
        found = service.get_queue_attributes(
            QueueUrl=address,
            AttributeNames=DEPTHS,
        )["Attributes"]
        waiting, in_work = (int(found[name]) for name in DEPTHS)
        return Queue(address.rsplit("/", 1)[-1], waiting, in_work)

    addresses = service.list_queues(QueueNamePrefix=PREFIX).get("QueueUrls", ())
    return sorted(pool.map(depth, addresses), key=lambda queue: queue.name)


def executions(cloud: Cloud, pool: Executor) -> list[Execution]:
    """Return the latest executions of each workflow, newest first."""
    service = cloud.client("stepfunctions")

    def latest(machine: dict[str, Any]) -> list[Execution]:
        found = service.list_executions(stateMachineArn=machine["stateMachineArn"], maxResults=EXECUTIONS_PER_WORKFLOW)[
            "executions"
        ]
        return [
            Execution(machine["name"], one["name"], one["status"], one["startDate"].isoformat(timespec="seconds"))
            for one in found
        ]

    machines = service.list_state_machines()["stateMachines"]
    ours = [machine for machine in machines if machine["name"].startswith(PREFIX)]
    found = [execution for some in pool.map(latest, ours) for execution in some]
    return sorted(found, key=lambda execution: execution.started_at, reverse=True)


def _show(report: dict[str, Any]) -> None:
    out.print(f"API  {report['api']}\nAWS  {report['aws']}  (process {report['pid']})")
    out.print(f"{len(report['functions'])} functions: {', '.join(report['functions'])}")
    waiting = [queue for queue in report["queues"] if queue["waiting"] or queue["in_work"]]
    out.print(f"{len(report['queues'])} queues, {len(waiting)} with messages")
    for title, rows in (("queues", waiting), ("executions", report["executions"])):
        if rows:
            out.print(table_of(tuple(rows[0]), ([escape(str(value)) for value in row.values()] for row in rows), title))
