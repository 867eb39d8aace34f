"""The local cloud stopped and started again: streams go on, and no process is left behind."""

import io
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from enghub_cli.cloud import aws, process
from enghub_cli.cloud.process import Home, Running
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("restart")]
HANDLER = """
import os, threading
def handler(event, context):
    names = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
    with open(os.environ["SEEN"], "a") as seen:
        seen.writelines(name + "\\n" for name in names)
    if "never done" in names:
        threading.Event().wait()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home")
    yield made
    process.stop(made)


def started(home: Home) -> Running:
    home.folder.mkdir(exist_ok=True)
    return process.start(home, auth=False)


def deploy(running: Running, seen: Path) -> None:
    """A table whose stream a function reads."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", HANDLER)
    table = aws.client("dynamodb", running.endpoint).create_table(
        TableName="things",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    functions = aws.client("lambda", running.endpoint)
    functions.create_function(
        FunctionName="reader",
        Runtime="python3.13",
        Handler="app.handler",
        Role=f"arn:aws:iam::{process.ACCOUNT}:role/reader",
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"SEEN": str(seen)}},
    )
    functions.create_event_source_mapping(
        FunctionName="reader", EventSourceArn=table["LatestStreamArn"], StartingPosition="TRIM_HORIZON"
    )


def put(running: Running, name: str) -> None:
    aws.client("dynamodb", running.endpoint).put_item(TableName="things", Item={"id": {"S": name}})


def in_group_of(pid: int) -> list[int]:
    """Return every living process of a group, whatever it does."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group, *_ = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(group) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def test_streams_go_on_where_they_were_after_a_restart_and_lose_nothing(home: Home, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    running = started(home)
    deploy(running, seen)
    for name in ("long before", "before"):
        put(running, name)
        until(lambda name=name: seen.exists() and name in seen.read_text().splitlines())  # type: ignore[misc]
    put(running, "while it stops")
    process.stop(home)
    running = started(home)
    put(running, "after")
    until(lambda: "after" in seen.read_text().splitlines())
    told = seen.read_text().splitlines()
    assert list(dict.fromkeys(told)) == ["long before", "before", "while it stops", "after"]
    assert told.count("long before") == 1  # of the one that was in work last, the emulator may not know the answer


@pytest.mark.parametrize("killed", [False, True], ids=["asked", "killed"])
def test_no_process_is_left_of_a_cloud(home: Home, tmp_path: Path, killed: bool) -> None:
    """Not even the one in the middle of a call; those of a cloud that was killed are ended by the next `down`."""
    seen = tmp_path / "seen"
    running = started(home)
    deploy(running, seen)
    put(running, "never done")
    until(lambda: process.workers(home, running) and seen.exists())
    if killed:
        os.kill(running.pid, signal.SIGKILL)
        until(lambda: running.pid not in in_group_of(running.pid))
    assert process.stop(home) is not killed
    until(lambda: not in_group_of(running.pid))
