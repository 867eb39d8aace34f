"""Builds what reads interfaces, once per process."""

from functools import cache

from enghub.settings import wiring
from enghub.settings.interface.service import InterfaceReader


@cache
def interfaces() -> InterfaceReader:
    """Return the use cases of interfaces."""
    return InterfaceReader(wiring.config_reader())
