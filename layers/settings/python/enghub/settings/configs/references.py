"""References between items: ``${other.key}`` inside a value (CFG-26)."""

import re

from enghub.settings.configs import texts
from enghub.settings.configs.errors import ReferenceRefused
from enghub.settings.configs.model import check_key

MAX_REFERENCES = 10
_REFERENCE = re.compile(r"\$\{([^{}]{0,300})\}")


def keys_in(value: str) -> tuple[str, ...]:
    """Return the keys a value refers to, each once, sorted; ``$${...}`` is plain text.

    Raises:
        ConfigKeyMalformed: a reference names what is no key.
        ReferenceRefused: more than 10 different keys.
    """
    plain = value.replace("$${", "")
    keys = sorted({check_key(name) for name in _REFERENCE.findall(plain)})
    if len(keys) > MAX_REFERENCES:
        raise ReferenceRefused(target=keys[-1], problem=texts.TOO_MANY.filled(most=MAX_REFERENCES))
    return tuple(keys)
