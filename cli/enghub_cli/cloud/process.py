"""Starts, finds and stops the local cloud's process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from enghub_cli.errors import Stop

ACCOUNT = "000000000000"
REGION = "us-east-1"
ROOT_KEY = ("test", "test")
"""The emulator's own root credentials; they open nothing but the emulator on this machine."""
SERVER = str(Path(__file__).resolve().with_name("server.py"))
START_SECONDS = 30
STOP_SECONDS = 10
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE")
"""All that the emulator, and so every function in it, sees of the caller's environment."""

_CHILDREN: dict[int, "subprocess.Popen[bytes]"] = {}
"""Clouds that this very process started; whoever is the parent has to collect the exit status."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started local cloud."""

    pid: int
    port: int

    @property
    def endpoint(self) -> str:
        """Return the address of all AWS services."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder in which a local cloud keeps its data, log and state file."""

    folder: Path

    @property
    def state_file(self) -> Path:
        """Return where the process is noted."""
        return self.folder / "state.json"

    @property
    def log_file(self) -> Path:
        """Return where the process writes its log."""
        return self.folder / "cloud.log"

    @property
    def usage_file(self) -> Path:
        """Return where used permissions are recorded."""
        return self.folder / "iam-usage.jsonl"

    def noted(self) -> Running | None:
        """Return what the state file says, whether or not it is still alive."""
        try:
            return Running(**json.loads(self.state_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def running(self) -> Running | None:
        """Return the local cloud if its process is alive and answers."""
        noted = self.noted()
        return noted if noted and _is_ours(noted.pid) and _answers(noted) else None


def start(home: Home, *, auth: bool = True, persist: bool = True, record_usage: bool = False) -> Running:
    """Start the local cloud in ``home`` and wait until it answers; the port of the last time is kept if it is free.

    Raises:
        Stop: it does not come up; the text names its log.
    """
    port = port_for(home)
    folder = home.folder.resolve()
    for name in ("tmp", "state", "s3"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": str(auth).lower(),
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": str(int(persist)),
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": str(int(persist)),
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder / "tmp"),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
    }
    if record_usage:
        environment["IAM_USAGE_FILE"] = str(folder / home.usage_file.name)
    with home.log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", SERVER],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _CHILDREN[process.pid] = process
    started = Running(process.pid, port)
    home.state_file.write_text(json.dumps(asdict(started)), encoding="utf-8")
    deadline = time.monotonic() + START_SECONDS
    while not _answers(started):
        if process.poll() is not None or time.monotonic() > deadline:
            message = f"The local cloud did not start: read {home.log_file}"
            raise Stop(message)
        time.sleep(0.05)
    return started


def port_for(home: Home) -> int:
    """Return the port of the last time, if it is free, else another."""
    noted = home.noted()
    return noted.port if noted and _is_free(noted.port) else _free_port()


def stop(home: Home) -> bool:
    """Stop the local cloud: ask, wait, then insist. Returns False when there was none.

    An orderly stop keeps the data; the emulator sometimes does not finish one, hence the insisting. It ends without
    waiting for its functions' processes; they are ended here, also those of a cloud that was killed.
    """
    noted = home.noted()
    if noted is None:
        return False
    found = _is_ours(noted.pid)
    if found:
        _stop(noted)
    while left := workers(home, noted):
        for worker in left:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        time.sleep(0.02)
    return found


def workers(home: Home, noted: Running) -> list[int]:
    """Return the processes that the functions of a cloud run in: of its process group, at work in its folder."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            group = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[2])
            pid = int(stat.parent.name)
            if group == noted.pid != pid and (stat.parent / "cwd").resolve().is_relative_to(home.folder.resolve()):
                found.append(pid)
    return found


def _stop(noted: Running) -> None:
    os.kill(noted.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_ours(noted.pid) and time.monotonic() < deadline:
        _reap(noted.pid)
        time.sleep(0.05)
    if _is_ours(noted.pid):
        os.killpg(noted.pid, signal.SIGKILL)
        while _is_ours(noted.pid):
            _reap(noted.pid)
            time.sleep(0.05)
    _reap(noted.pid)


def _is_ours(pid: int) -> bool:
    """Tell whether ``pid`` is alive and is a local cloud, not a stranger that got the number later."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    proc = Path("/proc") / str(pid)
    if proc.exists():
        alive = proc.joinpath("stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        return alive and SERVER.encode() in proc.joinpath("cmdline").read_bytes()
    answer = subprocess.run(["ps", "-o", "stat=,args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return SERVER in answer.stdout and not answer.stdout.startswith("Z")


def _reap(pid: int) -> None:
    """Collect the exit status where this process is the parent."""
    child = _CHILDREN.get(pid)
    if child is not None and child.poll() is not None:
        del _CHILDREN[pid]


def _answers(running: Running) -> bool:
    try:
        return httpx.get(f"{running.endpoint}/_ministack/health", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
