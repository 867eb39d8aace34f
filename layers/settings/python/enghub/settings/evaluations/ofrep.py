"""OpenFeature's remote evaluation protocol, OFREP 0.3 (open-feature/protocol, service/openapi.yaml).

What satisfies the published clients, which are stricter than the protocol in places: key, value, reason and variant are
always sent, the reason is one of five, every refusal has ``errorDetails``, a float has its point, a flag that is off
is a success with the reason DISABLED and the value for who is not in.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from enghub.core import i18n, wire
from enghub.core.calls import headers_of
from enghub.core.claims import fingerprint
from enghub.core.errors import EngHubError, Invalid, NotFound
from enghub.core.events import dumps
from enghub.settings.flags.errors import FlagNotFound
from enghub_flags.model import ErrorCode, Reason, Result
from enghub_flags.reading import plain

PATH = "/ofrep/v1/evaluate/flags"
IN_ENVIRONMENT = f"/api/v1/feature-flags/environments/<environment>{PATH}"
"""Base address of a client in another environment than PROD: ``.../api/v1/feature-flags/environments/TEST``."""
_SAID = frozenset({Reason.STATIC, Reason.TARGETING_MATCH, Reason.SPLIT, Reason.DISABLED})
"""Reasons that the protocol's schema knows; the others are UNKNOWN there, and themselves in the metadata."""


class EvaluationRequest(wire.Request):
    """For whom; members that later versions of the protocol may add are ignored."""

    model_config = ConfigDict(extra="ignore")

    context: Annotated[dict[str, Any], Field(max_length=200)] = {}  # noqa: RUF012 - pydantic copies it

    @property
    def plain(self) -> dict[str, Any]:
        """The context with numbers as the engine compares them."""
        found: dict[str, Any] = plain(self.context)
        return found


class EvaluationResponse(wire.Response):
    """One evaluated flag."""

    key: str
    value: Any
    reason: str
    variant: str
    metadata: dict[str, str | int | bool]

    @classmethod
    def of(cls, result: Result) -> "EvaluationResponse":
        """Return the answer for a result without an error."""
        metadata: dict[str, str | int | bool] = {"version": result.version}
        if result.reason not in _SAID:
            metadata["reason"] = result.reason.value
        if result.rule:
            metadata["rule"] = result.rule
        if result.attribute:
            metadata["attribute"] = result.attribute
        reason = result.reason.value if result.reason in _SAID else "UNKNOWN"
        return cls(key=result.key, value=result.value, reason=reason, variant=result.variant, metadata=metadata)


class BulkResponse(wire.Response):
    """All flags of a client. ``eventStreams`` is left out: there is no SSE behind this gateway (decision 0067)."""

    flags: list[EvaluationResponse]
    metadata: dict[str, str | int | bool]

    @classmethod
    def of(cls, results: Sequence[Result], environment: str) -> "BulkResponse":
        """Return the answer for all results."""
        return cls(flags=list(map(EvaluationResponse.of, results)), metadata={"environment": environment})


def bulk_etag(snapshot: str, context: Mapping[str, Any]) -> str:
    """Return what stands for all answers to one context: the flags as they are, and who asks."""
    return f'"{fingerprint(snapshot, dumps(dict(sorted(context.items()))))[:32]}"'


def evaluated(result: Result, environment: str) -> EvaluationResponse:
    """Return the answer for one flag.

    Raises:
        FlagNotFound
    """
    if result.error is ErrorCode.FLAG_NOT_FOUND:
        raise FlagNotFound(flag_key=result.key, environment=environment)
    return EvaluationResponse.of(result)


def error_form(error: EngHubError, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a refusal as the protocol has it; the flag's key where the address names one."""
    head, _, key = event["path"].rpartition("/flags/")
    code = ErrorCode.GENERAL
    if isinstance(error, NotFound):
        code = ErrorCode.FLAG_NOT_FOUND
    elif isinstance(error, Invalid):
        code = ErrorCode.INVALID_CONTEXT if "context" in str(error.details.get("field")) else ErrorCode.PARSE_ERROR
    details = error.message(i18n.negotiate(headers_of(event).get("accept-language")))
    return {**({"key": key} if head and key else {}), "errorCode": code.value, "errorDetails": details}
