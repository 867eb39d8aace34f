"""An environment of a function in the local cloud: a process forked from one that has the libraries loaded.

Lambda has no such process, but a function sees nothing of it: its variables, folder and streams, and all modules of
EngHub are its own. Only what most functions import of others' libraries is loaded once.
"""

import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe
from multiprocessing.util import get_temp_dir
from threading import Lock

LIBRARIES = (
    *("asyncio", "botocore.client", "botocore.handlers", "botocore.session", "dateutil.parser", "pydantic.json_schema"),
    *("aws_lambda_powertools.event_handler.api_gateway", "aws_lambda_powertools.logging"),
    *("aws_lambda_powertools.metrics", "aws_lambda_powertools.tracing", "pynamodb.models"),
)
"""What more than half of the functions import."""
_context = get_context("forkserver")
_context.set_forkserver_preload(list(LIBRARIES))
_starting = Lock()
_SHORT = "/tmp"  # noqa: S108 - where a folder of our own is made


class Environment:
    """A process that runs a script, with its three streams as text; used like a `subprocess.Popen`."""

    def __init__(self, script: str, folder: str, variables: Mapping[str, str], path: list[str]) -> None:
        (reads, stdin), (stdout, writes), (stderr, tells) = (Pipe(duplex=False) for _ in range(3))
        streams = (reads, writes, tells)
        self._process = _context.Process(target=run, args=(script, folder, dict(variables), path, streams), daemon=True)
        with _starting:
            self._process.start()
        self.stdin = os.fdopen(os.dup(stdin.fileno()), "w", buffering=1, encoding="utf-8")
        self.stdout = os.fdopen(os.dup(stdout.fileno()), encoding="utf-8")
        self.stderr = os.fdopen(os.dup(stderr.fileno()), encoding="utf-8", errors="replace")
        for one in (*streams, stdin, stdout, stderr):
            one.close()

    def poll(self) -> int | None:
        """Return the exit status; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Wait so many seconds for the end and return the exit status.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        self._process.join(timeout)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired(str(self._process.pid), timeout)
        return status

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the process."""
        self._process.kill()


def keep_socket_short() -> None:
    """Let the fork server's socket lie in a short folder: its path has 107 bytes at most, a cloud lies anywhere."""
    usual, tempfile.tempdir = tempfile.gettempdir(), _SHORT
    try:
        get_temp_dir()
    finally:
        tempfile.tempdir = usual


def run(
    script: str, folder: str, variables: Mapping[str, str], path: list[str], streams: tuple[Connection, ...]
) -> None:
    """Be the environment, in a process that was just forked; `streams` are what it reads, answers and logs by."""
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    sys.path[:] = path
    runpy.run_path(script, run_name="__main__")
