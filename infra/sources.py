"""Where the code of functions, layers and state machines lies on disk."""

import json
from dataclasses import dataclass
from pathlib import Path

from infra.stage import CORE

ROOT = Path(__file__).resolve().parent.parent
NOT_SHIPPED = ["**/__pycache__", "**/__pycache__/**", "**/*.pyc"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Event types of a consumer, and the contexts they come from; no source means any."""

    event_types: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """The folders that become assets; ``built`` holds what ``tools/build_layers.py`` made."""

    root: Path = ROOT
    built: Path = ROOT / ".build" / "layers"

    def function(self, context: str, name: str) -> Path:
        """Return the folder of one function."""
        return self.root / "functions" / context / name

    def roles(self) -> list[str]:
        """Return the roles that the authorizer knows; each is a group of the user pool."""
        return sorted(json.loads((self.function(CORE, "authorize") / "roles.json").read_text(encoding="utf-8")))

    def shared_function(self, name: str) -> Path:
        """Return the folder of a function that every context deploys for itself."""
        return self.function(CORE, name)

    def subscription(self, context: str, name: str) -> Subscription:
        """Return what a consumer reads from the bus, as ``tools/subscriptions.py`` found it in the handler."""
        document = json.loads((self.root / "events" / "subscriptions.json").read_text(encoding="utf-8"))
        found = document[context][name]
        return Subscription(tuple(found["eventTypes"]), tuple(found["sources"]))

    def layer(self, name: str, *, with_packages: bool) -> Path:
        """Return the folder of a layer: the built one when it carries third-party packages, else the source."""
        built = self.built / name
        return built if with_packages and built.is_dir() else self.root / "layers" / name

    def vendor(self) -> Path:
        """Return the folder with the packages of all contexts.

        Raises:
            SystemExit: it has not been built.
        """
        folder = self.built / "vendor"
        if not folder.is_dir():
            message = "The vendor layer is not built: run `make layers` first"
            raise SystemExit(message)
        return folder

    def state_machine(self, context: str, name: str) -> str:
        """Return the definition of a state machine, as text."""
        return (self.root / "statemachines" / context / f"{name}.asl.json").read_text(encoding="utf-8")
