"""What can go wrong with a feature flag, with the codes of REQ-008 8.3.1."""

from enghub.core.errors import Conflict, Invalid, InvalidKey, NotFound, RuleViolated
from enghub.core.i18n import Text


class FlagKeyMalformed(InvalidKey):
    """The key has a form that no flag can have, or a name the API keeps for itself (40002)."""

    text = Text(
        "The key {flag_key} is not valid: begin with a letter, then letters, digits, dot, dash or underscore, 100 at "
        "most; batch, ruleset, segments, stale and environments are taken",
        "开关键 {flag_key} 不合法：以字母开头，由字母、数字、点、短横线或下划线组成，最长 100 个字符；"
        "batch、ruleset、segments、stale、environments 为保留字",
    )


class FlagRefused(Invalid):
    """A part of the definition says what cannot be (40001)."""


class FlagNotFound(NotFound):
    """There is no such flag in that layer and environment (40401)."""

    text = Text("The flag {flag_key} does not exist in {environment}", "开关 {flag_key} 在 {environment} 环境中不存在")


class SegmentNotFound(NotFound):
    """There is no such segment in that layer and environment (40401)."""

    text = Text("The segment {segment_key} does not exist", "分群 {segment_key} 不存在")


class FlagExists(Conflict):
    """The layer and environment have the key already (40901)."""

    text = Text("The flag {flag_key} exists already in {environment}", "开关 {flag_key} 在 {environment} 环境中已存在")


class FlagInUse(Conflict):
    """Other flags need this flag or segment; ``dependants`` names them (40901)."""

    text = Text("{key} is used by other flags: change those first", "{key} 被其他开关引用，请先修改引用方")


class FlagsChanged(Conflict):
    """Another flag of the environment changed while prerequisites were looked at (40901)."""

    text = Text("Another flag changed at the same moment: try again", "其他开关同时发生变更，请重试")


class FlagsHeld(Conflict):
    """Many flags of the environment are being changed at this moment (40901): for seconds."""

    text = Text(
        "Flags of {environment} are being changed together at this moment: try again in a few seconds",
        "{environment} 环境的开关正在批量变更，请几秒后重试",
    )


class FlagUnfit(RuleViolated):
    """A prerequisite or segment is missing, or prerequisites run in a circle (42201)."""


class TooManyFlags(RuleViolated):
    """A layer holds a bounded number of flags per environment (42201)."""

    text = Text(
        "{environment} is full: {most} flags or 2.5 MB of definitions",
        "{environment} 环境已满：最多 {most} 个开关或 2.5 MB 定义",
    )


class SwitchRefused(RuleViolated):
    """Some flags of a batch cannot be switched, so none was; ``errors`` says which and why (42201)."""

    text = Text(
        "{refused} of {total} flags are refused: nothing was changed",
        "{total} 个开关中有 {refused} 个被拒绝，未做任何修改",
    )
