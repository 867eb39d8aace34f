"""What goes into the layers for AWS."""

import re
from pathlib import Path

import pytest

from tools import build_layers

CALLED = re.compile(r"""client\(\s*["']([a-z0-9-]+)["']""")


def test_the_vendor_layer_knows_every_service_that_our_code_calls() -> None:
    files = [*Path(build_layers.ROOT, "layers").rglob("*.py"), *Path(build_layers.ROOT, "functions").rglob("*.py")]
    called = {service for file in files for service in CALLED.findall(file.read_text("utf-8"))}
    assert called
    assert called <= build_layers.SERVICES


@pytest.mark.parametrize("layer", build_layers.LAYERS, ids=lambda layer: layer.name)
def test_every_requirement_is_pinned_with_a_hash(layer: build_layers.Layer) -> None:
    lines = (build_layers.ROOT / layer.requirements).read_text("utf-8").splitlines()
    pinned = [line for line in lines if re.match(r"[a-z0-9]", line)]
    assert pinned
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert not any("://" in line for line in lines)


def test_a_context_does_not_carry_what_the_vendor_layer_has() -> None:
    vendor, *contexts = (
        set(build_layers._pinned(build_layers.ROOT / layer.requirements)) for layer in build_layers.LAYERS
    )
    assert len(contexts) == 6
    for packages in contexts:
        assert packages
        assert not vendor & packages


def test_pruning_keeps_code_and_removes_the_rest(tmp_path: Path) -> None:
    kept = ["pkg/code.py", "pkg/py.typed", "pkg-1.dist-info/METADATA", "botocore/data/sqs/service-2.json.gz"]
    gone = [
        "pkg/tests/test_x.py",
        "pkg/code.pyi",
        "pkg-1.dist-info/RECORD",
        "botocore/data/ec2/service-2.json.gz",
        "bin/x",
    ]
    for name in kept + gone:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    build_layers._prune(tmp_path)
    assert sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()) == sorted(kept)
