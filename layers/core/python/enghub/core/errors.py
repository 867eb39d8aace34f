"""What can go wrong, as one tree. Codes are those of REQ-008 8.3.1 (CFG-24), in every context.

EngHubError
├── Invalid              400 / 40001   a value has the wrong format
│   ├── InvalidKey       400 / 40002   a key or id is malformed
│   └── RuleUnsatisfied  400 / 40003   a value breaks its declared validation rule
├── Unauthenticated      401 / 40101
├── Forbidden            403 / 40301
├── NotFound             404 / 40401
├── Conflict             409 / 40901
│   ├── VersionConflict  409 / 40902   written on an outdated version
│   └── IdempotencyKeyReused  409 / 40901
├── TooLarge             413 / 41301
├── UnsupportedMedia     415 / 41501
├── RuleViolated         422 / 42201   a business rule says no
├── RateLimited          429 / 42901
├── Failed               500 / 50001
└── Unavailable          503 / 50301   try again later
"""

import re
from typing import Any, ClassVar

from enghub.core.i18n import Language, Text


class EngHubError(Exception):
    """Base of every error that a caller may see.

    Subclasses set ``text``; the keyword details fill its places and travel in the answer's ``details``. A detail that
    people read is a ``Text`` itself, so that the whole sentence comes in one language.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "50001"
    text: ClassVar[Text] = Text("The operation failed; try again", "操作失败，请重试")
    confidential: str = ""
    """What only the audit may say about it, never the answer."""
    challenge: str = ""
    """What the answer's WWW-Authenticate says."""

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.message("en"))

    @property
    def name(self) -> str:
        """The stable name of the error, for programs: WORK_ORDER_NOT_FOUND."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__.removesuffix("Error")).upper()

    def message(self, language: Language) -> str:
        """Return the sentence for a person."""
        return self.text.filled(**self.details).render(language)


class Invalid(EngHubError):
    """A value has the wrong format; ``field`` names it."""

    status, code = 400, "40001"
    text = Text("{field} is not valid: {problem}", "{field} 无效：{problem}")


class InvalidKey(Invalid):
    """A key or identifier is malformed."""

    code = "40002"


class RuleUnsatisfied(Invalid):
    """A value breaks its declared validation rule."""

    code = "40003"


class Unauthenticated(EngHubError):
    """Nobody proved who is calling."""

    status, code = 401, "40101"
    text = Text("Sign in again: the credentials are missing or not valid", "认证失败，请重新登录")


class Forbidden(EngHubError):
    """The caller lacks ``permission``."""

    status, code = 403, "40301"
    text = Text("You lack the permission {permission}", "权限不足：缺少 {permission}")


class NotFound(EngHubError):
    """The thing named does not exist for this tenant."""

    status, code = 404, "40401"
    text = Text("{resource} does not exist", "{resource} 不存在")


class Conflict(EngHubError):
    """The request contradicts what is stored."""

    status, code = 409, "40901"
    text = Text("The request conflicts with what is stored", "请求与现有数据冲突")


class VersionConflict(Conflict):
    """The write names a version that is no longer current."""

    code = "40902"
    text = Text(
        "Version {expected} is outdated, the current one is {actual}: read it and write again",
        "版本 {expected} 已过期，当前版本为 {actual}，请重新读取后再提交",
    )


class IdempotencyKeyReused(Conflict):
    """The key already stands for another request."""

    text = Text(
        "Idempotency-Key {key} was used for another request: take a new key for a new request",
        "Idempotency-Key {key} 已用于其他请求，新请求请使用新的键",
    )


class TooLarge(EngHubError):
    """The body exceeds ``limit_bytes``."""

    status, code = 413, "41301"
    text = Text("The body is larger than {limit_bytes} bytes", "请求体超过 {limit_bytes} 字节")


class UnsupportedMedia(EngHubError):
    """The body is not of an accepted content type."""

    status, code = 415, "41501"
    text = Text("Send the body as {expected}", "请求体必须为 {expected}")


class RuleViolated(EngHubError):
    """A business rule refuses what the caller wants."""

    status, code = 422, "42201"
    text = Text("A business rule refuses this: {problem}", "业务规则校验失败：{problem}")


class RateLimited(EngHubError):
    """Too many requests; ``retry_after_seconds`` says when to come back."""

    status, code = 429, "42901"
    text = Text(
        "Too many requests: try again in {retry_after_seconds} s", "请求过于频繁，请在 {retry_after_seconds} 秒后重试"
    )


class Failed(EngHubError):
    """Something broke on our side; the request id finds it in the logs."""


class Unavailable(EngHubError):
    """A service this one depends on cannot answer now; nothing was lost, try again. ``reason`` is for the logs."""

    status, code = 503, "50301"
    text = Text("The service cannot answer now: try again in a moment", "服务暂不可用，请稍后重试")
