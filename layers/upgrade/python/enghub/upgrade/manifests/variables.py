"""Variables of a manifest: one manifest, other values per environment and per site (UPG-01). No I/O.

Only names that a manifest declares are replaced, as ``${name}``: whatever else looks like it stays. A value cannot
leave the place where it stands: no quotes, no semicolon, no comment, no line ends. Secrets are no variables.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
VariableValue = Annotated[str, Field(max_length=200, pattern=r"^-?([A-Za-z0-9_.:/@+=, ]-?)*$", examples=["app_prod"])]
EnvironmentName = Annotated[str, Field(min_length=1, max_length=30, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]


class Variable(BaseModel):
    """What scripts and parameters may write as ``${name}``: the site's own value, the environment's, or the default."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    description: Annotated[str, Field(max_length=500)] = ""
    default: VariableValue | None = None
    """None: an environment or the site has to have a value."""
    environments: Annotated[dict[EnvironmentName, VariableValue], Field(max_length=20)] = Field(default_factory=dict)


Variables = Annotated[dict[VariableName, Variable], Field(max_length=50)]


def values_of(
    declared: Mapping[str, Variable], environment: str, own: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the value of each declared variable, and the names that have none.

    Args:
        declared: by the manifest.
        environment: in which the upgrade runs.
        own: values of the site, which come first.
    """
    found = {name: own.get(name, one.environments.get(environment, one.default)) for name, one in declared.items()}
    return {n: v for n, v in found.items() if v is not None}, tuple(n for n, v in found.items() if v is None)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables replaced."""
    if not values:
        return text
    names = "|".join(map(re.escape, values))
    return re.sub(r"\$\{(" + names + r")\}", lambda found: values[found[1]], text)


def filled_in(value: Any, values: Mapping[str, str]) -> Any:
    """Return a parameter with the variables in all its texts replaced; names of fields stay."""
    if isinstance(value, str):
        return filled(value, values)
    if isinstance(value, Mapping):
        return {name: filled_in(inner, values) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [filled_in(inner, values) for inner in value]
    return value
