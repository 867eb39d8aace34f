"""Why an upgrade cannot be planned. Every refusal says which versions are concerned and what would help."""

from enghub.core.i18n import Text
from enghub.upgrade.refusals import UpgradeRefused


class NothingToUpgrade(UpgradeRefused):
    """Source and target are the same version."""

    text = Text("The site runs {source} already: nothing is to do", "局点已运行 {source}，无需升级")


class DowngradeRefused(UpgradeRefused):
    """The target lies below the source."""

    text = Text(
        "{target} is older than {source}: an upgrade only goes up, use the rollback to go back",
        "目标版本 {target} 低于源版本 {source}，升级不支持降级，请使用回滚",
    )


class UnknownVersion(UpgradeRefused):
    """No active manifest leads from or to this version."""

    text = Text(
        "Version {version} is unknown: no active manifest {needed}",
        "未知版本 {version}：没有已启用的升级配置（{needed}）",
    )


class VersionGap(UpgradeRefused):
    """A version on the path needs one that is missing before it."""

    text = Text(
        "There is a gap before {version}: it needs {needed}, the path arrives with {arrives}",
        "版本 {version} 之前存在缺口：需要 {needed}，当前路径为 {arrives}",
    )


class SourceTooNew(UpgradeRefused):
    """A version on the path accepts only older sources."""

    text = Text(
        "{version} accepts sources up to {limit}, the path arrives with {arrives}",
        "版本 {version} 的最高源版本为 {limit}，当前路径为 {arrives}",
    )


class VariablesMissing(UpgradeRefused):
    """A manifest declares variables that have no value where it shall run."""

    text = Text(
        "These variables have no value for site {site_id} in {environment}: {names}. PUT the site with them, or give "
        "the manifest a value for the environment",
        "以下变量在局点 {site_id}（环境 {environment}）没有取值：{names}。请在局点登记中填写，"
        "或在升级配置中为该环境填写",
    )


class VariablesUnfit(UpgradeRefused):
    """With its variables replaced a step's parameters do not fit."""

    text = Text(
        "With the variables of site {site_id} in {environment} these steps do not fit: {steps}",
        "代入局点 {site_id}（环境 {environment}）的变量后，以下步骤无效：{steps}",
    )


class ComponentsMissing(UpgradeRefused):
    """The site lacks components that a version requires."""

    text = Text(
        "Site {site_id} lacks the components {missing} that {version} requires",
        "局点 {site_id} 缺少版本 {version} 所需的组件：{missing}",
    )


class ResourcesNotEnough(UpgradeRefused):
    """The site states less of a resource than a version requires; `errors` lists needed and there."""

    text = Text(
        "Site {site_id} has not enough for the upgrade ({lacking}): give it more, or PUT the site with what it has",
        "局点 {site_id} 的资源不足（{lacking}），请扩容，或重新登记局点的实际资源",
    )


class DependencyCycle(UpgradeRefused):
    """Steps wait for each other."""

    text = Text("These steps wait for each other: {cycle}", "升级步骤循环依赖：{cycle}")


class DependencyUnknown(UpgradeRefused):
    """A step depends on one that no version on the path has."""

    text = Text(
        "Step {step} depends on {wanted}, which no version on the path has",
        "步骤 {step} 依赖的 {wanted} 不在升级路径中",
    )


class DependencyTooLate(UpgradeRefused):
    """A step depends on one that runs in a later phase."""

    text = Text(
        "Step {step} runs in {phase} but depends on {wanted} of the later phase {later}",
        "步骤 {step} 位于阶段 {phase}，却依赖后续阶段 {later} 的 {wanted}",
    )


class StepsNotSupported(UpgradeRefused):
    """The site's kind of database lacks what a step needs."""

    text = Text(
        "Site {site_id} has {dialect}, which has no transactions; these steps need them: {steps}. Use SQL scripts or "
        "row migrations there",
        "局点 {site_id} 的数据库为 {dialect}，不支持事务，以下步骤无法执行：{steps}。请改用 SQL 脚本或行迁移",
    )
