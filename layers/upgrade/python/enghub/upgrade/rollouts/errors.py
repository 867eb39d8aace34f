"""What can be refused around a roll-out (UPG-11). Codes of the source document, chapter 12.1 (UPG-21)."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text
from enghub.upgrade.executions.errors import UpgradeExecutionError


class RolloutNotFound(NotFound):
    """No roll-out of this tenant has the id."""

    text = Text("Roll-out {rollout_id} does not exist", "批量升级 {rollout_id} 不存在")


class RolloutNotPossible(UpgradeExecutionError):
    """The roll-out's state forbids it."""

    text = Text(
        "Roll-out {rollout_id} is {status}: only one that is {needed} can be told to {action}",
        "批量升级 {rollout_id} 状态为 {status}，仅状态为 {needed} 时可执行 {action}",
    )


class RolloutChanged(UpgradeExecutionError):
    """Two changes met; the caller looks again."""

    text = Text("Roll-out {rollout_id} was changed at the same moment", "批量升级 {rollout_id} 刚刚被修改")


class NoSites(RuleViolated):
    """The selector matches no site."""

    text = Text(
        "No site has the tags {tags}: PUT the tags to the sites, or name siteIds",
        "没有局点带有标签 {tags}，请为局点设置标签或直接指定 siteIds",
    )


class CanaryOutside(RuleViolated):
    """A canary is not among the sites to upgrade."""

    text = Text(
        "canaries: {site_ids} are not among the sites of the roll-out; add them to siteIds or take them out",
        "canaries：{site_ids} 不在本次批量升级的局点中，请加入 siteIds 或移除",
    )


class SiteVersionUnknown(RuleViolated):
    """Nobody said which version the site runs."""

    text = Text(
        "Nobody said which version site {site_id} runs: PUT the site with its version",
        "局点 {site_id} 的当前版本未知，请在登记局点时填写 version",
    )
