"""The rules of ``settings`` that decide here, and the kind of each (CFG-15)."""

from collections.abc import Mapping
from typing import Final

HANDLING: Final = "work_order.handling"
DISPATCH: Final = "dispatch.order"
KINDS: Final[Mapping[str, str]] = {HANDLING: "WORK_ORDER", DISPATCH: "DISPATCH"}
