"""In which language somebody reads. No I/O."""

from enum import StrEnum

from enghub.core.i18n import Language


class Reads(StrEnum):
    """A language, or both where nobody knows."""

    EN = "en"
    ZH = "zh"
    BOTH = "both"

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages to write, in order."""
        if self is Reads.BOTH:
            return ("en", "zh")
        return ("en",) if self is Reads.EN else ("zh",)
