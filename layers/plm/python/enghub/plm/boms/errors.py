"""What can go wrong with bills of material."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text


class BomNotFound(NotFound):
    """The product has no such BOM."""

    text = Text("Product {product} has no BOM version {version}", "产品 {product} 没有 BOM 版本 {version}")


class BomLineNotFound(NotFound):
    """The BOM has no such line."""

    text = Text(
        "BOM {product} version {version} has no line {sequence}", "BOM {product} 版本 {version} 没有行 {sequence}"
    )


class BomLoop(RuleViolated):
    """A part contains itself; ``loop`` names the way round, for example ``A > C > A``."""

    text = Text("The BOM has a loop: {loop}; remove one of these lines", "BOM 存在循环：{loop}，请删除其中一行")


class VersionsOverlap(RuleViolated):
    """Two versions of one BOM would be in force on the same day."""

    text = Text(
        "BOM {product}: versions {version} and {other} are both in force from {first} to {last}: "
        "end one where the other begins",
        "BOM {product}：版本 {version} 与 {other} 在 {first} 至 {last} 同时有效，请使其首尾相接",
    )


class PeriodRefused(RuleViolated):
    """A period ends before it begins."""

    text = Text(
        "{field}: the period ends on {last}, not after its first day {first}; the end is the first day out of force",
        "{field}：失效日 {last} 必须晚于生效日 {first}；失效日当天不再有效",
    )


class LineTwice(RuleViolated):
    """Two lines of a BOM are the same."""

    text = Text(
        "{field}: line {sequence} repeats line {other}: same sequence, or same component at the same places",
        "{field}：行 {sequence} 与行 {other} 重复（序号相同，或同一组件位置相同）",
    )


class DesignatorsRefused(RuleViolated):
    """Reference designators and quantity do not agree, or do not read."""

    text = Text("{field}: {designators!r}: {problem}", "{field}：{designators!r}：{problem}")


class BomTooLarge(RuleViolated):
    """A structure has more assemblies than one answer works on."""

    text = Text(
        "The structure has more than {most} assemblies: ask for a part of it", "结构超过 {most} 个组件，请缩小查询范围"
    )


class TooManyVersions(RuleViolated):
    """A product has as many BOM versions as it may have."""

    text = Text("BOM {product} has {most} versions already", "BOM {product} 已有 {most} 个版本")
