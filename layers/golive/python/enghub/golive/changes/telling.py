"""What each event says has changed (OPS-25): the kind, the thing, what was done, and the rest as facts. Pure."""

from typing import Any, NamedTuple

from enghub.core.event_data import EventData
from enghub.core.events import Envelope
from enghub.core.i18n import Filled, Text
from enghub.golive import consumed
from enghub.golive.changes.model import Change, ChangeKind


class Telling(NamedTuple):
    """How events of one type are read; without an ``action`` the type's own member of that name tells it."""

    kind: ChangeKind
    subject: str
    system: str
    action: str = ""


UPGRADES: dict[type[EventData], str] = {
    consumed.UpgradeStarted: "STARTED",
    consumed.UpgradeResumed: "RESUMED",
    consumed.UpgradeSucceeded: "SUCCEEDED",
    consumed.UpgradeFailed: "FAILED",
    consumed.UpgradeAborted: "ABORTED",
    consumed.UpgradeRollbackStarted: "ROLLBACK_STARTED",
    consumed.UpgradeRolledBack: "ROLLED_BACK",
    consumed.UpgradeRollbackFailed: "ROLLBACK_FAILED",
}
ROLLOUTS: dict[type[EventData], str] = {
    consumed.RolloutStarted: "STARTED",
    consumed.RolloutStopped: "STOPPED",
    consumed.RolloutSucceeded: "SUCCEEDED",
}
TOLD: dict[type[EventData], Telling] = {
    **{one: Telling(ChangeKind.UPGRADE, "site_id", "site_id", action) for one, action in UPGRADES.items()},
    **{one: Telling(ChangeKind.ROLLOUT, "name", "", action) for one, action in ROLLOUTS.items()},
    consumed.ConfigurationChanged: Telling(ChangeKind.SETTING, "config_key", ""),
    consumed.FeatureFlagChanged: Telling(ChangeKind.FLAG, "flag_key", ""),
    consumed.GrayReleaseChanged: Telling(ChangeKind.GRAY_RELEASE, "feature_key", ""),
    consumed.BusinessRuleActivated: Telling(ChangeKind.RULE, "rule_key", "", "ACTIVATED"),
    consumed.ChangePointCreated: Telling(ChangeKind.ENGINEERING_CHANGE, "ecn_number", "", "CREATED"),
    consumed.ChangePointCancelled: Telling(ChangeKind.ENGINEERING_CHANGE, "ecn_number", "", "CANCELLED"),
    consumed.BomChanged: Telling(ChangeKind.BOM, "product_code", "", "CHANGED"),
    consumed.CutoverStarted: Telling(ChangeKind.CUTOVER, "go_live_id", "go_live_id", "STARTED"),
    consumed.CutoverEnded: Telling(ChangeKind.CUTOVER, "go_live_id", "go_live_id", "ENDED"),
    consumed.RampChanged: Telling(ChangeKind.RAMP, "name", "service_id"),
    consumed.ReleaseChanged: Telling(ChangeKind.RELEASE, "title", "system"),
}
CHANGES_NOTHING: dict[ChangeKind, frozenset[str]] = {
    ChangeKind.RAMP: frozenset({"blind"}),
    ChangeKind.RELEASE: frozenset({"requested", "reviewed", "verified", "withdrawn"}),
    ChangeKind.GRAY_RELEASE: frozenset({"created", "planned"}),
}
"""Said while nothing is another than before: it would hide what is."""
SAID: dict[ChangeKind, Text] = {
    ChangeKind.UPGRADE: Text(
        "upgrade of {subject} from {source_version} to {target_version} ({environment}): {action}{problem}",
        "站点 {subject} 从 {source_version} 升级到 {target_version}（{environment}）：{action}{problem}",
    ),
    ChangeKind.ROLLOUT: Text(
        "roll-out {subject} of {target_version} to {sites} sites ({environment}): {action}{problem}",
        "批量升级 {subject}：{sites} 个站点升级到 {target_version}（{environment}）：{action}{problem}",
    ),
    ChangeKind.SETTING: Text(
        "setting {subject}, {layer} layer, version {version}: {action}",
        "配置项 {subject}（{layer} 层）第 {version} 版：{action}",
    ),
    ChangeKind.FLAG: Text(
        "feature flag {subject} ({environment}), version {version}: {action}, {enabled}",
        "功能开关 {subject}（{environment}）第 {version} 版：{action}，{enabled}",
    ),
    ChangeKind.GRAY_RELEASE: Text(
        "gray release of {subject} ({environment}) at {current_percentage} %: {action}",
        "灰度发布 {subject}（{environment}）比例 {current_percentage}%：{action}",
    ),
    ChangeKind.RULE: Text(
        "business rule {subject}, {layer} layer: version {active_version} decides after version {previous_version}",
        "业务规则 {subject}（{layer} 层）：第 {active_version} 版生效，此前为第 {previous_version} 版",
    ),
    ChangeKind.ENGINEERING_CHANGE: Text(
        "engineering change {subject}: {action} {title}", "工程变更 {subject}：{action} {title}"
    ),
    ChangeKind.BOM: Text(
        "BOM of {subject}, version {bom_version}, revision {revision}: {action}",
        "{subject} 的 BOM 版本 {bom_version} 修订 {revision}：{action}",
    ),
    ChangeKind.CUTOVER: Text(
        "{what} of go-live {subject}: {action} {state}", "上线 {subject} 的{what}：{action} {state}"
    ),
    ChangeKind.RAMP: Text(
        "traffic ramp {subject} of {service_id} at {percent} %: {action}{why}",
        "服务 {service_id} 的灰度放量 {subject} 比例 {percent}%：{action}{why}",
    ),
    ChangeKind.RELEASE: Text("{what} {subject} of {system}{to}: {action}", "{system} 的{what} {subject}{to}：{action}"),
}
ACTIONS: dict[str, Text] = {
    "STARTED": Text("started", "已开始"),
    "SUCCEEDED": Text("succeeded", "成功"),
    "FAILED": Text("failed", "失败"),
    "ABORTED": Text("aborted", "已中止"),
    "ROLLED_BACK": Text("rolled back", "已回滚"),
    "ROLLBACK_FAILED": Text("the rollback failed", "回滚失败"),
    "STOPPED": Text("stopped", "已停止"),
    "CREATED": Text("received", "已接收"),
    "CANCELLED": Text("withdrawn", "已撤回"),
    "CHANGED": Text("changed", "已变更"),
    "ENDED": Text("ended", "已结束"),
    "CREATE": Text("created", "新建"),
    "UPDATE": Text("changed", "修改"),
    "DELETE": Text("deleted", "删除"),
    "ROLLBACK": Text("rolled back", "回滚"),
    "RESUMED": Text("resumed", "已继续"),
    "ROLLBACK_STARTED": Text("is being rolled back", "开始回滚"),
    "GROWN": Text("grown", "已放量"),
    "PAUSED": Text("paused", "已暂停"),
    "COMPLETED": Text("completed", "已完成"),
    "RETURNED": Text("taken back", "已回退"),
    "ROLL_BACK_DECIDED": Text("taken back by decision", "已决定回退"),
    "WEIGHTS_CHANGED": Text("somebody else set a share", "比例被他人修改"),
    "ARMED": Text("has all traffic, rollback armed", "已全量，仍可自动回退"),
    "CARRIED_OUT": Text("carried out", "已执行"),
    "ACTIVATED": Text("activated", "已生效"),
}
ENABLED = {"True": Text("enabled", "已启用"), "False": Text("disabled", "已停用")}
RELEASES = {"RELEASE": Text("release", "发布"), "IMPROVEMENT": Text("improvement", "优化")}
REHEARSAL = {"True": Text("rehearsal of the cut-over", "割接演练"), "False": Text("cut-over", "割接")}
NOT_TOLD = frozenset({"table"})
"""What a fact would only hide the others by."""
LONGEST = 300
"""Characters of a fact that are kept."""


def change(envelope: Envelope, data: EventData) -> Change | None:
    """Return what an event says has changed, None where nothing did; ``data`` is of a type in ``TOLD``."""
    kind, subject, system, action = TOLD[type(data)]
    said: dict[str, Any] = {
        name: value for name, value in data.model_dump().items() if value not in (None, "") and name not in NOT_TOLD
    }
    facts = {name: str(value)[:LONGEST] for name, value in said.items()}
    done = action or facts.pop("operation", "") or facts.pop("action", "")
    if done in CHANGES_NOTHING.get(kind, frozenset()):
        return None
    return Change(
        tenant_id=envelope.tenant_id,
        event_id=envelope.event_id,
        at=envelope.timestamp,
        kind=kind,
        action=done.upper(),
        subject=facts[subject],
        system=facts[system] if system else envelope.source_service.removeprefix("enghub."),
        factory_id=envelope.factory_id,
        facts=facts,
    )


def sentence(one: Change) -> Filled:
    """Return a change as a sentence, to be rendered in the reader's language."""
    facts = one.facts
    more: dict[str, Any] = {
        "subject": one.subject,
        "action": ACTIONS.get(one.action, one.action),
        "problem": f" ({facts['problem']})" if "problem" in facts else "",
        "enabled": ENABLED.get(facts.get("is_enabled", ""), ""),
        "what": REHEARSAL.get(facts.get("rehearsal", "")) or RELEASES.get(facts.get("kind", ""), ""),
        "to": f" {facts['version']}" if "version" in facts else "",
        "why": f" ({facts['said']})" if "said" in facts else "",
        "state": facts.get("state", ""),
        "title": facts.get("title", ""),
    }
    return SAID[one.kind].filled(**{**facts, **more})
