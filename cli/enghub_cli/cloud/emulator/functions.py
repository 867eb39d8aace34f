"""Lambda: environments are forked, find their layers unpacked, and no more of them stay warm than memory allows."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from threading import Lock, Thread
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from enghub_cli import LAYERS
from enghub_cli.cloud.environment import Environment, keep_socket_short

MOST = 72
"""Environments kept; those at work are never ended, however many they are.

The emulator keeps one per function for good. Fewer than the tests call at once (50 reporters, and what hears of it)
would be ended and begun again all the time.
"""
_unpacking = Lock()


def patch() -> None:
    """Fork environments, share unpacked layers, end an environment at rest for each new one beyond ``MOST``."""
    keep_socket_short()
    shutil.rmtree(_layers(), ignore_errors=True)
    libraries = [place for place in sys.path if not Path(place).is_relative_to(LAYERS)]

    def started(command: list[str], *, cwd: str, env: dict[str, str], **_: Any) -> Environment:
        return Environment(command[-1], cwd, env, libraries)

    lambda_runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": started})
    spawn, acquire = lambda_runtime.Worker._spawn, lambda_runtime.acquire_worker

    def spawned(worker: Any) -> None:
        whole = worker.config
        worker.config = with_layers(whole)
        try:
            spawn(worker)
        finally:
            worker.config = whole

    def acquired(*args: Any, **options: Any) -> Any:
        worker, how = acquire(*args, **options)
        if how == "spawn" and (surplus := taken(MOST)):
            Thread(target=lambda_runtime.kill_workers, args=(surplus,), daemon=True).start()
        return worker, how

    lambda_runtime.Worker._spawn = spawned
    lambda_svc.acquire_worker = acquired


def with_layers(config: dict[str, Any]) -> dict[str, Any]:
    """Return a function's configuration with folders of unpacked layers, which its process looks for in a variable."""
    folders = [unpacked(lambda_svc._resolve_layer_zip(layer)) for layer in config.get("Layers", [])]
    variables = config.get("Environment", {}).get("Variables", {})
    told = {"_LAMBDA_LAYERS_DIRS": os.pathsep.join(map(str, folders))}
    return {**config, "Layers": [], "Environment": {"Variables": {**variables, **told}}}


def unpacked(archive: bytes) -> Path:
    """Return the folder in which a layer lies; Python's compiled files stay there for the next one."""
    folder = _layers() / hashlib.sha256(archive).hexdigest()
    with _unpacking:
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            with zipfile.ZipFile(BytesIO(archive)) as packed:
                packed.extractall(unfinished)
            unfinished.rename(folder)
    return folder


def _layers() -> Path:
    """Return where each layer lies unpacked once, by its hash."""
    return Path(tempfile.gettempdir()) / "layers"


def taken(most: int) -> list[Any]:
    """Take the environments beyond ``most`` out of the pools, those that rested longest, and return them."""
    with lambda_runtime._lock:
        pools = lambda_runtime._workers
        at_rest = [(one.last_used, key, one) for key, pool in pools.items() for one in pool if not one.in_use]
        count = sum(len(pool) for pool in pools.values()) - most
        oldest = sorted(at_rest, key=lambda rest: rest[0])[: max(0, count)]
        for _, key, one in oldest:
            pools[key].remove(one)
    return [one for _, _, one in oldest]
