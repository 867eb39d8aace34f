"""Real servers for tests, each a line of data: where one may answer, how a private one is started, who has it.

A private server listens on a free port of 127.0.0.1, keeps everything in a folder of its own and ends with the process
that started it. `python -m tests.servers [context]` (which `make test` runs first) installs what is missing where it
is root on Debian or Ubuntu; elsewhere it prints the one line to type and fails.
"""

import argparse
import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.waiting import until

START_SECONDS = 120
PREPARATIONS = 3
"""How often preparing a server is tried."""
_PLACES = [
    "/usr/lib/rabbitmq/bin",  # before the wrapper in the PATH, which writes its log to where all nodes write it
    os.environ.get("PATH", ""),
    "/usr/sbin",
    *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
]
Words = tuple[str, ...]


@dataclass(frozen=True)
class Server:
    """A server.

    In commands, files and environment stand {program}, {port}, {second} and {third} (other ports) and {folder}.
    """

    package: str
    """Debian's and Ubuntu's."""
    program: str
    command: Words
    as_root: Words = ()
    """More of the command when root starts it."""
    user: str = ""
    """Who owns its folder when root starts it."""
    refuses_root: bool = False
    """It then runs as its user."""
    prepare: Words = ()
    """What runs once before, its program first."""
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    variable: str = ""
    """Names one that runs already, with its address."""
    contexts: Words = ()
    """Whose tests need it."""
    stops_by: signal.Signals = signal.SIGTERM


@dataclass(frozen=True)
class Private:
    """A started server."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"


_DIRECTORY = """include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
database mdb
directory {folder}
suffix "dc=enghub,dc=test"
rootdn "cn=admin,dc=enghub,dc=test"
rootpw secret
"""
_PROXY = """global
  stats socket {folder}/admin.sock level admin
defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend tests
  bind 127.0.0.1:{port}
  default_backend versions
backend versions
  balance roundrobin
  server old 127.0.0.1:{second} weight 100
  server new 127.0.0.1:{third} weight 0
frontend old
  bind 127.0.0.1:{second}
  http-request return status 200 content-type text/plain string old
frontend new
  bind 127.0.0.1:{third}
  http-request return status 200 content-type text/plain string new
"""
SERVERS: Mapping[str, Server] = {
    "mariadb": Server(
        "mariadb-server",
        "mariadbd",
        (
            *("{program}", "--no-defaults", "--datadir={folder}/data", "--port={port}", "--bind-address=127.0.0.1"),
            *("--socket={folder}/socket", "--skip-name-resolve", "--character-set-server=utf8mb4"),
            "--innodb-flush-log-at-trx-commit=0",
        ),
        ("--user=mysql",),
        user="mysql",
        stops_by=signal.SIGKILL,  # nobody wants its data
        prepare=(
            "mariadb-install-db",
            "--no-defaults",
            "--datadir={folder}/data",
            "--auth-root-authentication-method=normal",
        ),
        variable="ENGHUB_TEST_MARIADB_URL",
        contexts=("upgrade",),
    ),
    "postgresql": Server(
        "postgresql",
        "postgres",
        ("{program}", "-D", "{folder}/data", "-p", "{port}", "-h", "127.0.0.1", "-k", "{folder}", "-c", "fsync=off"),
        user="postgres",
        refuses_root=True,
        prepare=("initdb", "-D", "{folder}/data", "-U", "postgres", "--auth=trust", "--no-sync"),
        variable="ENGHUB_TEST_POSTGRES_URL",
        contexts=("upgrade",),
        stops_by=signal.SIGINT,
    ),
    "slapd": Server(
        "slapd",
        "slapd",
        ("{program}", "-h", "ldap://127.0.0.1:{port}", "-f", "{folder}/slapd.conf", "-d", "0"),
        files={"slapd.conf": _DIRECTORY},
    ),
    "rabbitmq": Server(
        "rabbitmq-server",
        "rabbitmq-server",
        ("{program}",),
        user="rabbitmq",
        refuses_root=True,
        environment={
            "RABBITMQ_NODENAME": "enghub-{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": "{port}",
            "RABBITMQ_DIST_PORT": "{second}",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {{127,0,0,1}}",
            "RABBITMQ_MNESIA_BASE": "{folder}/mnesia",
            "RABBITMQ_LOG_BASE": "{folder}/log",
            "RABBITMQ_CONFIG_FILE": "{folder}/rabbitmq",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "{folder}/plugins",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": "{third}",
            "HOME": "{folder}",
        },
        variable="ENGHUB_TEST_RABBITMQ_URL",
        contexts=("plm",),
    ),
    "mosquitto": Server(
        "mosquitto",
        "mosquitto",
        ("{program}", "-c", "{folder}/mosquitto.conf"),
        files={"mosquitto.conf": "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n"},
    ),
    "prometheus": Server(
        "prometheus",
        "prometheus",
        (
            *("{program}", "--config.file={folder}/prometheus.yml", "--storage.tsdb.path={folder}/data"),
            *("--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle", "--rules.alert.resend-delay=1s"),
        ),
        files={"prometheus.yml": "scrape_configs: []\n"},
        contexts=("golive",),
    ),
    "alertmanager": Server(
        "prometheus-alertmanager",
        "prometheus-alertmanager",
        (
            *("{program}", "--config.file={folder}/alertmanager.yml", "--storage.path={folder}/data"),
            *("--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="),
        ),
        files={"alertmanager.yml": "route:\n  receiver: none\nreceivers:\n  - name: none\n"},
        contexts=("golive",),
    ),
    "haproxy": Server(
        "haproxy",
        "haproxy",
        ("{program}", "-f", "{folder}/haproxy.cfg", "-db"),
        files={"haproxy.cfg": _PROXY},
        contexts=("golive",),
    ),
    "chromium": Server(
        "chromium",
        "chromium",
        (
            *("{program}", "--headless=new", "--remote-debugging-address=127.0.0.1", "--remote-debugging-port={port}"),
            *("--user-data-dir={folder}/profile", "--disable-gpu", "about:blank"),
        ),
        ("--no-sandbox",),
    ),
}


def program(name: str) -> str | None:
    """Return where a program is."""
    return shutil.which(name, path=os.pathsep.join(_PLACES))


def missing(context: str | None = None) -> list[str]:
    """Return the servers that the tests of a context (of all) need and that are neither installed nor named."""
    return [
        name
        for name, server in SERVERS.items()
        if server.contexts and (context is None or context in server.contexts)
        if server.variable not in os.environ and program(server.program) is None
    ]


def line_to_type(names: list[str]) -> str:
    """Return the command that installs servers."""
    return f"apt-get install --yes --no-install-recommends {' '.join(SERVERS[name].package for name in names)}"


def commands(name: str, folder: Path, ports: Sequence[int]) -> tuple[list[str], list[str], dict[str, str]]:
    """Return what runs once before, what serves, and its environment; the files it reads are written."""
    server, root = SERVERS[name], os.geteuid() == 0
    found = program(server.program) or server.program
    values = {"program": found, "port": ports[0], "second": ports[1], "third": ports[2], "folder": folder}
    for file, text in server.files.items():
        (folder / file).write_text(text.format(**values), "utf-8")
    command = [word.format(**values) for word in (*server.command, *(server.as_root if root else ()))]
    first, *rest = [word.format(**values) for word in (*server.prepare, *(server.as_root if root else ()))] or [""]
    prepare = [program(first) or first, *rest] if server.prepare else []
    if root and server.refuses_root:
        owner = ["setpriv", f"--reuid={server.user}", f"--regid={server.user}", "--clear-groups"]
        command, prepare = [*owner, *command], [*owner, *prepare] if prepare else []
    return prepare, command, {key: value.format(**values) for key, value in server.environment.items()}


def _prepare(words: list[str], folder: Path) -> None:
    """Run what a server needs once; MariaDB's own preparation fails now and then, and says why only to us."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    for _ in range(PREPARATIONS):
        done = subprocess.run(words, check=False, capture_output=True, timeout=120, cwd="/", env=environment)
        if done.returncode == 0:
            return
        shutil.rmtree(folder / "data", ignore_errors=True)
    said = (done.stdout + done.stderr).decode(errors="replace")[-2000:]
    message = f"{words[0]} fails with {done.returncode}: {said}"
    raise RuntimeError(message)


def start(name: str, **prepared: str) -> Private | None:
    """Start a private server and wait until it answers; None where it is not installed.

    Args:
        name: of the server.
        prepared: other words for the preparing command, by the word that they stand for.

    Raises:
        RuntimeError: it does not answer in time; the text has the end of what it wrote.
    """
    server = SERVERS[name]
    if program(server.program) is None or (server.prepare and program(server.prepare[0]) is None):
        return None
    folder = Path(tempfile.mkdtemp(prefix=f"enghub-{name}-"))
    ports = [free_port() for _ in range(3)]
    prepare, command, environment = commands(name, folder, ports)
    if server.user and os.geteuid() == 0:
        shutil.chown(folder, server.user, server.user)
        for file in folder.iterdir():
            shutil.chown(file, server.user, server.user)
    if prepare:
        _prepare([part for word in prepare for part in prepared.get(word, word).split()], folder)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd="/", env={**os.environ, **environment}, start_new_session=True
        )
        started = Private(ports[0], folder, process)
        atexit.register(stop, name, started)
        with contextlib.suppress(AssertionError):
            until(lambda: listens(ports[0]) or process.poll() is not None, START_SECONDS, 0.05)
        if listens(ports[0]):
            return started
        log.seek(0)
        message = f"{name} did not answer within {START_SECONDS} s: {log.read().decode(errors='replace')[-500:]}"
    stop(name, started)
    raise RuntimeError(message)


def stop(name: str, started: Private) -> None:
    """Stop a private server with all its processes, and forget its folder; again: nothing."""
    if started.process.poll() is None:
        started.process.send_signal(SERVERS[name].stops_by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.process.wait(20)
    for pid in processes_of(started.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    started.process.wait()
    shutil.rmtree(started.folder, ignore_errors=True)


def processes_of(folder: Path) -> Iterator[int]:
    """Yield the processes that have a server's folder in their command or environment."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(folder).encode() in told:
                yield int(process.name)


def listens(port: int) -> bool:
    """Tell whether something answers on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> int:
    """Install what is missing, or say how; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("context", nargs="?")
    names = missing(parser.parse_args().context)
    if not names:
        return 0
    if os.geteuid() or program("apt-get") is None:
        print(f"The tests need {', '.join(names)}: {line_to_type(names)}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"Installing {', '.join(names)} for the tests ...", file=sys.stderr)  # noqa: T201
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update --quiet", line_to_type(names)):
        subprocess.run(command.split(), check=True, env=environment, stdout=subprocess.DEVNULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
