"""Templates of configuration: kept, applied and upgraded as one change set."""

import json
from functools import partial
from typing import Any

from tests.factories.templates import a_template, sent
from tests.faults.flows.settings import OF_A_SETS_TIMER, finish, in_small_steps
from tests.faults.harness import Flow, register

NAMED = {"values": {"line.name": "L1"}}
SECOND = a_template(version="2.0.0", defaultValues={"line.speed": 20, "line.beep": False})


def of_templates(method: str, path: str, body: Any, _: Any = None) -> tuple[int, str]:
    status, found = sent(method, path, body)
    return status, json.dumps(found)


def kept() -> None:
    assert sent("PUT", "/line", a_template())[0] == 200


def followed() -> None:
    kept()
    assert sent("POST", "/line/apply", NAMED)[0] == 200
    assert sent("PUT", "/line", SECOND)[0] == 200


register(Flow("keep a template", "settings", lambda: None, partial(of_templates, "PUT", "/line", a_template())))
register(Flow("keep a next version", "settings", kept, partial(of_templates, "PUT", "/line", SECOND)))
for name, start, path, body in (
    ("apply a template", kept, "/line/apply", NAMED),
    ("upgrade by a template", followed, "/line/upgrade", {}),
):
    register(Flow(name, "settings", start, partial(of_templates, "POST", path, body), also=200))
    register(
        Flow(
            f"{name} as a set",
            "settings",
            start,
            partial(of_templates, "POST", path, body),
            settle=finish,
            around=in_small_steps,
            known=OF_A_SETS_TIMER,
            also=200,
        )
    )
