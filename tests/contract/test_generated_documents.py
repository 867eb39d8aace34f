"""What is generated from the code and checked in is up to date."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("tool", ["tools.openapi", "tools.catalogue", "tools.rights", "tools.subscriptions"])
def test_a_generated_document_is_up_to_date(tool: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", tool, "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
