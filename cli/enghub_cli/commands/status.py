"""``enghub status``: what runs, what waits, what was executed last."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.table import Table

from enghub_cli import context
from enghub_cli.console import out
from enghub_cli.context import STAGE, Cloud

PREFIX = f"enghub-{STAGE}-"
EXECUTIONS_PER_WORKFLOW = 5


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
    """Show the endpoints, functions, queues with their depths, and the latest workflow executions."""
    cloud = context.connect()
    report = {
        "api": cloud.api_base,
        "aws": cloud.running.endpoint,
        "pid": cloud.running.pid,
        "functions": functions(cloud),
        "queues": [asdict(queue) for queue in queues(cloud)],
        "executions": [asdict(execution) for execution in executions(cloud)],
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


def queues(cloud: Cloud) -> list[Queue]:
    """Return the queues with their depths."""
    service = cloud.client("sqs")
    found = []
    for address in service.list_queues(QueueNamePrefix=PREFIX).get("QueueUrls", ()):
        depth = service.get_queue_attributes(
            QueueUrl=address,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        found.append(
            Queue(
                address.rsplit("/", 1)[-1],
                int(depth["ApproximateNumberOfMessages"]),
                int(depth["ApproximateNumberOfMessagesNotVisible"]),
            )
        )
    return sorted(found, key=lambda queue: queue.name)


def executions(cloud: Cloud) -> list[Execution]:
    """Return the latest executions of each workflow, newest first."""
    service = cloud.client("stepfunctions")
    found: list[tuple[Any, Execution]] = []
    for machine in service.list_state_machines()["stateMachines"]:
        if not machine["name"].startswith(PREFIX):
            continue
        latest = service.list_executions(
            stateMachineArn=machine["stateMachineArn"], maxResults=EXECUTIONS_PER_WORKFLOW
        )["executions"]
        for one in latest:
            started = one["startDate"]
            found.append(
                (started, Execution(machine["name"], one["name"], one["status"], started.isoformat(timespec="seconds")))
            )
    return [execution for _, execution in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _show(report: dict[str, Any]) -> None:
    out.print(f"API  {report['api']}\nAWS  {report['aws']}  (process {report['pid']})")
    out.print(f"{len(report['functions'])} functions: {', '.join(report['functions'])}")
    waiting = [queue for queue in report["queues"] if queue["waiting"] or queue["in_work"]]
    out.print(f"{len(report['queues'])} queues, {len(waiting)} with messages")
    for title, rows in (("queues", waiting), ("executions", report["executions"])):
        if rows:
            table = Table(*rows[0], title=title, title_justify="left")
            for row in rows:
                table.add_row(*(str(value) for value in row.values()))
            out.print(table)
