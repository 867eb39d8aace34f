"""The ``enghub`` command. The layers of its repository are on the path, for commands that share the hub's own rules."""

import sys
from pathlib import Path

LAYERS = Path(__file__).resolve().parents[2] / "layers"
"""Where each layer has a folder."""
HAS_REPOSITORY = LAYERS.is_dir()
"""The command belongs to a checkout; installed as a package it only talks to a hub."""
sys.path.extend(str(LAYERS / name / "python") for name in ("core", "kit", "upgrade"))
