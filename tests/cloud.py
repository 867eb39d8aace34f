"""The local cloud for tests: started once per session on a free port, deployed once, shared by all workers."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from enghub_cli import context
from enghub_cli.cloud import assembly, process, seed
from enghub_cli.cloud.deploy import deploy
from enghub_cli.cloud.process import Home
from enghub_cli.context import Cloud

BUILD = assembly.ROOT / ".build"
ASSEMBLY = BUILD / "test-assembly"
USAGE = BUILD / "iam-usage.jsonl"
"""Which permission each function used in the last run; ``tools/iam_usage.py`` compares it with what was granted."""
SHARED = "ENGHUB_TEST_CLOUD"


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder that all workers of this session share."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = str(Path(tempfile.gettempdir()) / f"enghub-test-cloud-{os.getpid()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the cloud that this session started, if any, and keep the record of used permissions."""
    if hasattr(config, "workerinput") or SHARED not in os.environ:
        return
    home = Home(Path(os.environ.pop(SHARED)))
    if home.folder.exists():
        process.stop(home)
        if home.usage_file.exists():
            shutil.copy(home.usage_file, USAGE)
        shutil.rmtree(home.folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all tests of the cloud on one worker: they look at whole tables and queues."""
    for item in items:
        if "cloud" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("cloud"))


@pytest.fixture(scope="session")
def cloud(worker_id: str) -> Cloud:
    """EngHub, deployed in a private local cloud that enforces IAM."""
    home = Home(Path(os.environ[SHARED]))
    home.folder.mkdir(parents=True, exist_ok=True)
    with _alone(home.folder / "lock"):
        _claim(home.folder / "worker", worker_id)
        running = home.running()
        if running is None:
            BUILD.mkdir(exist_ok=True)
            with _alone(BUILD / "test-assembly.lock"):
                assembly.synthesise(ASSEMBLY)
            running = process.start(home, auth=True, persist=False, record_usage=True)
            deploy(running.endpoint, ASSEMBLY, lambda _stack, _what: None)
            attached = context.attach(running)
            list(seed.secrets(attached.client("secretsmanager"), context.STAGE, attached.api_base))
        return context.attach(running)


def _claim(owner: Path, worker_id: str) -> None:
    """Fail when another worker has the cloud already: its tests would count each other's items."""
    if not owner.exists():
        owner.write_text(worker_id, "utf-8")
    elif (first := owner.read_text("utf-8")) != worker_id:
        pytest.fail(
            f"{first} and {worker_id} both run tests of the cloud: use --dist loadgroup and a pytest it groups in"
        )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until no other process is inside."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
