"""Loads function handlers by their folder, as Lambda would, fresh for the environment of the test."""

import importlib.util
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def load_handler(context: str, function: str) -> Any:
    """Return ``lambda_handler`` of ``functions/<context>/<function>``."""
    return load_module(context, function).lambda_handler


def load_module(context: str, function: str) -> Any:
    """Return the handler module of ``functions/<context>/<function>``."""
    path = ROOT / "functions" / context / function / "handler.py"
    spec = importlib.util.spec_from_file_location(f"functions_{context}_{function}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sample_event(context: str, function: str) -> dict[str, Any]:
    """Return the sample input in ``events/<context>/<function>.json``."""
    text = (ROOT / "events" / context / f"{function}.json").read_text("utf-8")
    event: dict[str, Any] = json.loads(text)
    return event
