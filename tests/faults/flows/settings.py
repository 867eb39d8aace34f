"""Configuration: single writes and a batch."""

from typing import Any

from tests.factories.settings import SESSION_TIMEOUT, answer
from tests.faults.harness import Flow, register

KEYED = {"Idempotency-Key": "key-1"}
CHANGE = {"configValue": "7200", "version": 1}


def sent(method: str, path: str = "", body: Any = None, **options: Any) -> tuple[int, str]:
    found = answer(method, path, body, **options)
    return found["statusCode"], found["body"]


def there() -> None:
    assert sent("POST", body=SESSION_TIMEOUT)[0] == 201
    assert sent("POST", body={"configKey": "host", "configValue": "a"})[0] == 201


def batch(headers: dict[str, str] | None = None) -> tuple[int, str]:
    values = {"session.timeout": "301", "host": "${session.timeout}"}
    configs = [{"configKey": name, "configValue": value, "version": 1} for name, value in values.items()]
    return sent("POST", "/batch", {"configs": configs}, headers=headers)


register(
    Flow("create a setting", "settings", lambda: None, lambda _: sent("POST", body=SESSION_TIMEOUT, headers=KEYED))
)
register(Flow("create a setting without a key", "settings", lambda: None, lambda _: sent("POST", body=SESSION_TIMEOUT)))
register(Flow("change a setting", "settings", there, lambda _: sent("PUT", "/session.timeout", CHANGE, headers=KEYED)))
register(Flow("change a setting without a key", "settings", there, lambda _: sent("PUT", "/session.timeout", CHANGE)))
register(Flow("delete a setting", "settings", there, lambda _: sent("DELETE", "/session.timeout", version="1")))
register(Flow("write a batch with a reference", "settings", there, lambda _: batch(KEYED)))
register(Flow("write a batch without a key", "settings", there, lambda _: batch()))
