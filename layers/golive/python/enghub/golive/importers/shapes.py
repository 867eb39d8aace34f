"""What all exports have in common: names, times, and the envelopes of answers (OPS-23)."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text

_WALL = Text(
    "write a local time without offset, as 2026-11-28T09:00:00", "请填写不带时区的本地时间，如 2026-11-28T09:00:00"
)


def _wall(text: str) -> str:
    try:
        found = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError as error:
        raise wire.Unfit(_WALL) from error
    if found.tzinfo is not None or not 1970 <= found.year < 3000:
        raise wire.Unfit(_WALL)
    return found.isoformat()


_LISTS = ("data", "results", "schedules", "overrides", "escalation_policies", "rotations", "custom_shifts")
_SINGLE = ("data", "schedule", "escalation_policy")
_OVERRIDES = ("overrides", "scheduleOverrideList")


def _listed(given: Any) -> Any:
    """Return the list of an answer without its envelope; what is none stays."""
    found = next((given[name] for name in _LISTS if name in given), given) if isinstance(given, dict) else given
    return [found] if isinstance(found, dict) and found is not given else found


def _opened(given: Any) -> Any:
    """Return one thing without the envelope of its answer; overrides may stand beside it."""
    if not isinstance(given, dict) or "id" in given:
        return given
    inner = next((given[name] for name in _SINGLE if isinstance(given.get(name), dict)), None)
    if inner is None:
        return given
    changes = next((given[name] for name in _OVERRIDES if given.get(name) is not None), None)
    return inner if changes is None else {**inner, "overrides": changes}


Answer = BeforeValidator(_listed)
Foreign = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(wire.printable)]
Title = Annotated[str, Field(max_length=200)]
Naive = Annotated[str, Field(min_length=16, max_length=26), AfterValidator(_wall)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$", max_length=8)]
Seconds = Annotated[int, Field(ge=60, le=366 * 86_400)]


class Export(BaseModel):
    """Base of what others export: their names, and only what is read of them."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class Answered(Export):
    """What a request for one thing answers, with or without its envelope."""

    @model_validator(mode="before")
    @classmethod
    def _of_answer(cls, given: Any) -> Any:
        return _opened(given)
