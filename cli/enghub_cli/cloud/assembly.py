"""The synthesised application: templates and assets, made by the CDK app in a process of its own."""

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from enghub_cli.errors import Stop

ROOT = Path(__file__).resolve().parents[3]
INPUTS = (
    *("infra", "functions", "layers", "statemachines", "sandbox", "cdk.json"),
    *("docs/openapi.json", "events/subscriptions.json"),
)
"""What a synthesis depends on."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One zip file to upload: where from, and where to."""

    source: Path
    bucket: str
    key: str

    def content(self) -> bytes:
        """Return the bytes to upload; equal folders give equal bytes."""
        return _zipped(self.source) if self.source.is_dir() else self.source.read_bytes()


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack to deploy."""

    name: str
    template: str
    assets: tuple[Asset, ...]


def synthesise(out: Path, stage: str = "local") -> bool:
    """Make the cloud assembly of ``stage`` in ``out``, unless it is there and nothing it depends on has changed.

    Returns:
        whether it was made anew.

    Raises:
        Stop: the CDK app fails; the text is its last line.
    """
    mark, inputs = out / "inputs.sha256", _inputs(stage)
    if mark.exists() and mark.read_text(encoding="utf-8") == inputs:
        return False
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "CDK_OUTDIR": str(out), "ENGHUB_STAGE": stage},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        log = out.parent / "synth.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "no output")
        message = f"The templates cannot be made: {last.strip()} (all of it in {log})"
        raise Stop(message)
    mark.write_text(inputs, encoding="utf-8")
    return True


def stacks(out: Path) -> Iterator[Stack]:
    """Yield the stacks of the assembly in ``out``, each after those it needs."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    found = {name: part for name, part in manifest.items() if part["type"] == "aws:cloudformation:stack"}
    needs = {name: {need for need in part.get("dependencies", ()) if need in found} for name, part in found.items()}
    for name in TopologicalSorter(needs).static_order():
        template = (out / found[name]["properties"]["templateFile"]).read_text(encoding="utf-8")
        yield Stack(name, template, tuple(_assets(out, name)))


def _assets(out: Path, name: str) -> Iterator[Asset]:
    listed: dict[str, Any] = json.loads((out / f"{name}.assets.json").read_text(encoding="utf-8"))["files"]
    for entry in listed.values():
        source = out / entry["source"]["path"]
        if source.name.endswith(".template.json"):
            continue
        for destination in entry["destinations"].values():
            yield Asset(source, destination["bucketName"], destination["objectKey"])


def _inputs(stage: str) -> str:
    digest = hashlib.sha256(stage.encode())
    for top in INPUTS:
        path = ROOT / top
        files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
        for file in files:
            if file.suffix != ".pyc":
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)), date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()
