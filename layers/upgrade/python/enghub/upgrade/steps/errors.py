"""Why a step does not go on: it failed, or it must come back later, or it must stop."""

from collections.abc import Mapping
from typing import Any

from enghub.core.i18n import Text


class StepFailed(Exception):
    """The step cannot succeed as things are. `retryable` failures are tried again by the step's retry_count.

    `values` fill the text's places; one that is a text itself is said in the reader's language too.
    """

    def __init__(
        self, text: Text, *, retryable: bool = False, result: Mapping[str, Any] | None = None, **values: Any
    ) -> None:
        english = {name: value.en if isinstance(value, Text) else value for name, value in values.items()}
        chinese = {name: value.zh if isinstance(value, Text) else value for name, value in values.items()}
        self.text = Text(text.render("en", **english), text.render("zh", **chinese))
        self.retryable = retryable
        self.result = dict(result or {})
        super().__init__(self.text.en)


class TargetBusy(Exception):
    """A statement of an earlier worker is still running in the server: come back later."""


class DatabaseUnreachable(Exception):
    """The site's database does not answer, or broke the connection off: come back later."""


class Superseded(Exception):
    """A newer run of the execution took over: this worker must stop at once."""
