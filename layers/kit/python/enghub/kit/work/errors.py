"""Why long work does not go on: it failed, or it must stop."""

from collections.abc import Mapping
from typing import Any

from enghub.core.i18n import Text, rendered


class WorkFailed(Exception):
    """The work cannot succeed as things are; a `retryable` failure may pass when it is tried again.

    `values` fill the text's places; one that is a text itself is said in the reader's language too.
    """

    def __init__(
        self, text: Text, *, retryable: bool = False, result: Mapping[str, Any] | None = None, **values: Any
    ) -> None:
        self.text = Text(text.render("en", **rendered(values, "en")), text.render("zh", **rendered(values, "zh")))
        self.retryable = retryable
        self.result = dict(result or {})
        super().__init__(self.text.en)


class Superseded(Exception):
    """A newer worker took over, which its greater fencing token shows: this one must stop at once."""
