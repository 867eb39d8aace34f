"""The local cloud for tests: each worker starts its own when a test first asks for it; all deploy one synthesis.

The tests of a file stay together on one worker, files that need the cloud come before the others, the longest first:
so every worker has work until the end. Before all come the tests that fork their process, hundreds of times: copying
its pages is dear, and it is several times as large in the end.
"""

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
FORKING = ("tests/functional/upgrade/steps/", "tests/functional/upgrade/test_crash_", "tests/faults/")
"""Where tests kill a process, or try a flow from where it was arranged."""
LONGEST = (
    "tests/e2e/upgrade/test_notices.py",
    "tests/e2e/mes/test_fifty_reporters.py",
    "tests/workflows/",
    "tests/e2e/upgrade/",
    "tests/e2e/plm/",
    "tests/e2e/",
)
"""Where the longest tests of the cloud are, longest first."""


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder below which the workers of this session have their clouds."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = str(Path(tempfile.gettempdir()) / f"enghub-test-cloud-{os.getpid()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the clouds that this session started, if any, and keep the record of used permissions."""
    if hasattr(config, "workerinput") or SHARED not in os.environ:
        return
    shared = Path(os.environ.pop(SHARED))
    homes = [Home(folder) for folder in sorted(shared.glob("*/"))]
    for home in homes:
        process.stop(home)
    records = [home.usage_file.read_text("utf-8") for home in homes if home.usage_file.exists()]
    if records:
        USAGE.write_text("".join(records), "utf-8")
    shutil.rmtree(shared, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests of the cloud together, as they look at whole tables and queues, and begin with them."""
    for item in items:
        if needs_cloud(item):
            item.add_marker(pytest.mark.xdist_group(f"cloud-{item.nodeid.split('::')[0]}"))
    items.sort(key=_begins)


def needs_cloud(item: pytest.Item) -> bool:
    """Tell whether a test drives the local cloud."""
    return "cloud" in getattr(item, "fixturenames", ())


def _begins(item: pytest.Item) -> int:
    if item.nodeid.startswith(FORKING):
        return -1
    if not needs_cloud(item):
        return len(LONGEST) + 1
    return next((n for n, path in enumerate(LONGEST) if item.nodeid.startswith(path)), len(LONGEST))


def home() -> Home:
    """Return where this worker's cloud is."""
    return Home(Path(os.environ[SHARED]) / os.environ.get("PYTEST_XDIST_WORKER", "alone"))


@pytest.fixture(scope="session")
def cloud() -> Cloud:
    """EngHub, deployed in this worker's private local cloud, which enforces IAM."""
    home().folder.mkdir(parents=True)
    BUILD.mkdir(exist_ok=True)
    with _alone(BUILD / "test-assembly.lock"):
        assembly.synthesise(ASSEMBLY)
    running = process.start(home(), auth=True, persist=False, record_usage=True)
    deploy(running.endpoint, ASSEMBLY, lambda _stack, _what: None)
    attached = context.attach(running)
    list(seed.secrets(attached.client("secretsmanager"), context.STAGE, attached.api_base))
    return attached


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until no other process is inside."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
