"""An OpenFeature provider that evaluates in process; needs the extra ``openfeature``.

from openfeature import api

api.set_provider(EngHubProvider(Client("https://hub.example.com", token)))
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode, ProviderNotReadyError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from enghub_client.client import Client
from enghub_flags.evaluation import typed
from enghub_flags.model import TARGETING_KEY, Result, ValueType

T = TypeVar("T")


class EngHubProvider(AbstractProvider):
    """Answers from what ``client`` knows: no call leaves the process; changes and staleness are events."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        client.on_flags(self._changed)
        client.on_stale(self._stale)

    def get_metadata(self) -> Metadata:
        """Return its name."""
        return Metadata(name="EngHub")

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        """Start the client.

        Raises:
            ProviderNotReadyError: neither the hub nor the cache on disk has anything.
        """
        if self.client.start().status.revision is None:
            raise ProviderNotReadyError(self.client.status.problem)

    def shutdown(self) -> None:
        """Stop the client."""
        self.client.close()

    def _changed(self, flags: frozenset[str]) -> None:
        self.emit_provider_configuration_changed(ProviderEventDetails(flags_changed=sorted(flags)))

    def _stale(self, is_stale: bool) -> None:
        details = ProviderEventDetails(message=self.client.status.problem)
        if is_stale:
            self.emit_provider_stale(details)
        else:
            self.emit_provider_ready(details)

    def _resolve(
        self, key: str, default: T, wanted: ValueType, context: EvaluationContext | None
    ) -> FlagResolutionDetails[T]:
        said = {} if context is None else dict(context.attributes)
        if context is not None and context.targeting_key:
            said[TARGETING_KEY] = context.targeting_key
        found = typed(self.client.evaluate(key, said), wanted, default)
        if found.error is not None:
            code = ErrorCode(found.error.value)
            return FlagResolutionDetails(value=default, error_code=code, reason=Reason.ERROR)
        return FlagResolutionDetails(
            value=found.value, reason=found.reason.value, variant=found.variant, flag_metadata=_metadata(found)
        )

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Answer a BOOLEAN flag."""
        return self._resolve(flag_key, default_value, ValueType.BOOLEAN, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Answer a STRING flag."""
        return self._resolve(flag_key, default_value, ValueType.STRING, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Answer an INTEGER flag, or a FLOAT one whose value is whole."""
        return self._resolve(flag_key, default_value, ValueType.INTEGER, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Answer a FLOAT or INTEGER flag."""
        return self._resolve(flag_key, default_value, ValueType.FLOAT, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Answer an OBJECT flag."""
        return self._resolve(flag_key, default_value, ValueType.OBJECT, evaluation_context)


def _metadata(found: Result) -> dict[str, Any]:
    said = {"version": found.version, "rule": found.rule, "attribute": found.attribute}
    return {name: value for name, value in said.items() if value}
