"""The flag engines of others, in a process of their own packages: what each answers to the same definitions.

Reads ``{"engine", "definitions", "asked": [[flag, context], ...]}`` from standard input, one line each; writes the
answers as one line: ``[value, ...]``, null where the engine has none.
"""

import copy
import importlib
import json
import logging
import sys
from typing import Any

logging.disable(logging.CRITICAL)


def flagd(definitions: Any, asked: list[Any]) -> list[Any]:
    """Return flagd's variants' values."""
    flagd_core = importlib.import_module("openfeature.contrib.tools.flagd.core.flagd_core")
    contexts = importlib.import_module("openfeature.evaluation_context")

    core = flagd_core.FlagdCore()
    core.set_flags(copy.deepcopy(definitions))
    found = []
    for key, context in asked:
        attributes = {name: value for name, value in context.items() if name != "targetingKey"}
        result = core._resolve(key, None, contexts.EvaluationContext(context.get("targetingKey"), attributes))
        found.append(result.value)
    return found


def growthbook(definitions: Any, asked: list[Any]) -> list[Any]:
    """Return GrowthBook's values."""
    library = importlib.import_module("growthbook")

    found = []
    for key, context in asked:
        engine = library.GrowthBook(attributes=context, features=copy.deepcopy(definitions["features"]))
        found.append(engine.eval_feature(key).value)
    return found


def unleash(definitions: Any, asked: list[Any]) -> list[Any]:
    """Return whether Unleash holds features for on."""
    engine = importlib.import_module("yggdrasil_engine.engine").UnleashEngine()
    engine.take_state(json.dumps(definitions))
    known = {"userId", "sessionId", "environment", "appName", "remoteAddress"}
    found = []
    for key, context in asked:
        said = {name: value for name, value in context.items() if name in known}
        said["properties"] = {name: value for name, value in context.items() if name not in known}
        found.append(engine.is_enabled(key, said).is_enabled)
    return found


def flagsmith(definitions: Any, asked: list[Any]) -> list[Any]:
    """Return what Flagsmith says of features: on or off, and the value."""
    library = importlib.import_module("flag_engine.engine")

    found = []
    for key, context in asked:
        traits = {name: value for name, value in context.items() if name != "targetingKey"}
        who = context.get("targetingKey")
        identity = {} if who is None else {"identity": {"identifier": who, "key": who, "traits": traits}}
        flag = library.get_evaluation_result({**copy.deepcopy(definitions), **identity})["flags"][key]
        found.append({"enabled": flag["enabled"], "value": flag["value"]})
    return found


ENGINES = {one.__name__: one for one in (flagd, growthbook, unleash, flagsmith)}

if __name__ == "__main__":
    for line in sys.stdin:
        said = json.loads(line)
        try:
            answer: Any = ENGINES[said["engine"]](said["definitions"], said["asked"])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
