"""What is made of the CDK's output before it is uploaded."""

import json
import os
from pathlib import Path

import pytest

from enghub_cli.cloud import assembly
from enghub_cli.errors import Stop


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def test_equal_folders_give_equal_bytes_whenever_they_were_written(tmp_path: Path) -> None:
    first = folder(tmp_path / "a", **{"handler.py": "x = 1", "sub/data.json": "{}"})
    second = folder(tmp_path / "b", **{"sub/data.json": "{}", "handler.py": "x = 1"})
    os.utime(second / "handler.py", (1, 1))
    one, other = (assembly.Asset(path, "bucket", "key").content() for path in (first, second))
    assert one == other
    (second / "handler.py").write_text("x = 2")
    assert assembly.Asset(second, "bucket", "key").content() != one


def test_stacks_come_after_those_they_need_and_templates_are_no_assets(tmp_path: Path) -> None:
    def stack(name: str, *needs: str) -> dict[str, object]:
        (tmp_path / f"{name}.template.json").write_text("{}")
        asset = {"source": {"path": "asset.1"}, "destinations": {"here": {"bucketName": "b", "objectKey": "1.zip"}}}
        own = {
            "source": {"path": f"{name}.template.json"},
            "destinations": {"here": {"bucketName": "b", "objectKey": "t"}},
        }
        (tmp_path / f"{name}.assets.json").write_text(json.dumps({"files": {"1": asset, "t": own}}))
        properties = {"templateFile": f"{name}.template.json"}
        return {
            "type": "aws:cloudformation:stack",
            "properties": properties,
            "dependencies": [*needs, f"{name}.assets"],
        }

    artifacts = {"api": stack("api", "mes", "core"), "mes": stack("mes", "state"), "core": stack("core", "state")}
    artifacts |= {"state": stack("state"), "tree": {"type": "cdk:tree"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    found = list(assembly.stacks(tmp_path))
    names = [stack.name for stack in found]
    assert names[0] == "state"
    assert names[-1] == "api"
    assert [[asset.key for asset in stack.assets] for stack in found] == [["1.zip"]] * 4


def test_nothing_is_made_anew_while_its_inputs_stay_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        assembly, "ROOT", folder(tmp_path, **{"infra/app.py": "print('made')", "infra/__init__.py": ""})
    )
    out = tmp_path / "out"
    out.mkdir()
    assert assembly.synthesise(out) is True
    assert assembly.synthesise(out) is False
    assert assembly.synthesise(out, "dev") is True
    (tmp_path / "infra" / "app.py").write_text("print('made again')")
    assert assembly.synthesise(out, "dev") is True


def test_a_failing_synthesis_ends_in_one_line_that_names_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "raise SystemExit('Unknown stage')"
    monkeypatch.setattr(assembly, "ROOT", folder(tmp_path, **{"infra/app.py": broken, "infra/__init__.py": ""}))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(Stop, match=r"Unknown stage .*synth\.log"):
        assembly.synthesise(out)
