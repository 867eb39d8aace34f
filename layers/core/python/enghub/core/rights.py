"""Rights as objects: declared in a context's ``rights.py`` with the roles they are granted to, named by its routes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from enghub.core.errors import EngHubError
from enghub.core.identity import Principal

Key = Literal["none", "optional", "required"]
"""Whether a route takes an Idempotency-Key."""
Etag = Literal["none", "read", "change"]
"""Whether a route answers with an ETag and takes If-None-Match (read), or takes the ETag read in If-Match (change)."""


ErrorForm = Callable[[EngHubError, Mapping[str, Any]], Mapping[str, Any]]
"""Makes the body of a refusal as another protocol has it, from the error and the request."""


@dataclass(frozen=True, slots=True)
class Right:
    """What one may do: ``name`` is ``<thing>:<verb>``; ``roles`` hold it.

    ``of_factory``: it is exercised in one factory, which the request names in X-Factory-Id when the caller has several.
    """

    name: str
    roles: tuple[str, ...]
    of_factory: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route and with which headers: holders of one of ``rights``; anybody where ``public`` says why.

    Several rights mean that the right needed follows from the data: before anything is parsed the caller must hold one
    of them, and the route then asks for the exact one (``Call.require``). ``proof`` checks what a public route is
    sent, before it is parsed. ``limit`` is the class whose figure bounds how often it is called (``core/limits``).
    """

    rights: tuple[Right, ...] = ()
    public: str = ""
    proof: Callable[[Mapping[str, Any]], None] | None = None
    key: Key = "none"
    etag: Etag = "none"
    limit: str = ""
    error_form: ErrorForm | None = None
    """A route that speaks another protocol: its answers have no envelope, its refusals this form."""
    form: bool = False
    """Whether its body is a form with files, multipart/form-data."""
    sensitive: str = ""
    """``yes``: it takes a second factor where the policy asks for one (CFG-19); ``data``: the route says so."""
    about: str = ""
    """Where the keys stand that it is about, for rights given in part: ``config_key``, ``request.flag_key``."""
    roles: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        if bool(self.rights) == bool(self.public):
            message = "a route declares the right it takes, or why it is public"
            raise ValueError(message)
        object.__setattr__(self, "roles", tuple(sorted({role for right in self.rights for role in right.roles})))

    @property
    def of_factory(self) -> bool:
        """Whether the route is about one factory."""
        return any(right.of_factory for right in self.rights)

    def check(self, principal: Principal) -> None:
        """Raise Forbidden, naming the first right, unless the caller holds one of them.

        Of several, one held in part is enough for now: the route asks for the exact one, on the keys that it is about.
        """
        if len(self.rights) == 1 or not any(principal.holds(right.name) for right in self.rights):
            principal.require(self.rights[0].name)
