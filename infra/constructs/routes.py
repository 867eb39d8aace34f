"""A route of the API, as a context declares it; the API stack turns all of them into one REST API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """``method`` and ``path`` answered by ``function_name``; ``public`` ones verify the caller themselves."""

    method: str
    path: str
    function_name: str
    public: bool = False
