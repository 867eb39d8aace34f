"""Why an upgrade does not begin on a site that is not as the last one left it."""

from enghub.core.i18n import Text
from enghub.upgrade.refusals import UpgradeRefused


class Drifted(UpgradeRefused):
    """The site's database was changed by hand; `errors` lists how."""

    text = Text(
        "Site {site_id} is not as the upgrade to {version} left it: {some}. Undo it, or look at the plan and accept "
        'it by name: driftAcceptance {{"digest": "{digest}", "reason": "..."}}; it stands in the report',
        "局点 {site_id} 与升级到 {version} 后的状态不一致：{some}。请撤销改动，或查看升级计划后署名接受："
        'driftAcceptance {{"digest": "{digest}", "reason": "..."}}，将写入报告',
    )


class OtherDrift(UpgradeRefused):
    """What was accepted is not what is found now."""

    text = Text(
        "Site {site_id} has changed since {accepted} was accepted: now {some} ({digest}). Look at the plan again",
        "局点 {site_id} 在接受 {accepted} 之后又有变化：当前为 {some}（{digest}）。请重新查看升级计划",
    )


class NotCompared(UpgradeRefused):
    """There is a record, and the database cannot be read."""

    text = Text(
        "Site {site_id} cannot be compared with what the upgrade to {version} left ({why}). Mend it, or accept that "
        'by name: driftAcceptance {{"digest": "{digest}", "reason": "..."}}; it stands in the report',
        "局点 {site_id} 无法与升级到 {version} 后的状态比较（{why}）。请排除故障，或署名接受："
        'driftAcceptance {{"digest": "{digest}", "reason": "..."}}，将写入报告',
    )
