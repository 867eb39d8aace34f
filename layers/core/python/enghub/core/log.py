"""What services and stores tell operators; imports nothing, so that whoever tells stays free of Powertools.

``core/observability``, which every function's entry point imports, takes the lines and puts them into its own format.
"""

import logging
from typing import Any

NAME = "enghub"
_logger = logging.getLogger(NAME)


def info(message: str, /, **facts: Any) -> None:
    """Tell what happened, with its facts as fields of their own."""
    _logger.info(message, extra=facts, stacklevel=2)


def warning(message: str, /, **facts: Any) -> None:
    """Tell what somebody should look at."""
    _logger.warning(message, extra=facts, stacklevel=2)


def exception(message: str, /, **facts: Any) -> None:
    """Tell what failed, with the traceback of the exception at hand."""
    _logger.exception(message, extra=facts, stacklevel=2)
