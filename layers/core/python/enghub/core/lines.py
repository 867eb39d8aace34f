"""How a log line is written: as Powertools writes it, without the detours of its general way.

One line a request is the least we log, and Powertools' formatter was a twentieth of a configuration read: it copies
the record, looks every attribute up in a tuple, tries to parse the message as JSON and makes an encoder per line.
"""

import json
from logging import LogRecord

from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS, LambdaPowertoolsFormatter

_RESERVED = frozenset(RESERVED_LOG_ATTRS)
_JSON_WORDS = {"true", "false", "null", "NaN", "Infinity"}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class LineFormatter(LambdaPowertoolsFormatter):
    """Writes a plain text with its facts the short way, everything else as Powertools does."""

    def format(self, record: LogRecord) -> str:
        """Return one line of JSON."""
        text = record.msg
        plain = isinstance(text, str) and text[:1].isalpha() and text.strip() not in _JSON_WORDS
        if not plain or record.exc_info or record.args or self.json_indent is not None:
            return super().format(record)
        known = record.__dict__
        known["asctime"] = self.formatTime(record)
        line = {
            name: value % known if value and name in _RESERVED else value for name, value in self.log_format.items()
        }
        line.update({name: value for name, value in known.items() if name not in _RESERVED})
        line["message"] = text
        line["xray_trace_id"] = self._get_latest_trace_id()
        return _encode({name: value for name, value in line.items() if value is not None})
