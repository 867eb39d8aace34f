"""What the script runner says."""

from enghub.core.i18n import Text

EDITED = Text(
    "Script {script} was edited after it ran: statement {ordinal} is not the one that ran. Put the old text back and "
    "add the change as a new script",
    "脚本 {script} 在执行后被修改：第 {ordinal} 条语句与已执行的不一致。请恢复原文，并将变更写入新脚本",
)
REFUSED = Text(
    "{script}, line {line}: `{statement}` cannot be journalled: {why}",
    "{script} 第 {line} 行：`{statement}` 无法记录执行状态：{why}",
)
FAILED = Text(
    "{script}, statement {ordinal} of {count} (line {line}) failed: {error}. {before} statement(s) before it are "
    "committed; correct the cause and resume. Where the script itself is wrong: correct it from that statement on, "
    "put it in force, and resume with revision active (or execute again): it goes on behind what is committed",
    "{script} 第 {ordinal}/{count} 条语句（第 {line} 行）执行失败：{error}。"
    "此前 {before} 条语句已提交；请排除原因后继续。"
    "若脚本有误：从该语句起更正并启用，以 revision active 继续（或重新 execute），将从已提交处继续",
)
FAILED_WHOLE = Text(
    "{script}, statement {ordinal} of {count} (line {line}) failed: {error}. Nothing of this script is committed; "
    "correct the cause and resume. Where the script itself is wrong: correct it, put it in force, and "
    "resume with revision active (or execute again)",
    "{script} 第 {ordinal}/{count} 条语句（第 {line} 行）执行失败：{error}。该脚本未提交任何内容；请排除原因后继续。"
    "若脚本有误：更正并启用后，以 revision active 继续（或重新 execute）",
)
IN_DOUBT = Text(
    "{script}, statement {ordinal} of {count} (line {line}): the worker stopped while `{statement}` ran and the "
    'catalog cannot show whether it took effect. Look at the database, then resume with decision "applied" or "again"',
    "{script} 第 {ordinal}/{count} 条语句（第 {line} 行）：执行 `{statement}` 时进程中断，"
    '且无法从系统目录判断是否生效。请检查数据库后，以 decision "applied" 或 "again" 继续',
)
VALUES_LOST = Text(
    "{script}, statement {ordinal} of {count} (line {line}): `{statement}` took effect, but the worker stopped before "
    "the values that it gives to variables were written down, and the script goes on with them. Bring the rest of the "
    'script as a script of its own that sets them, or undo the statement and resume with decision "again"',
    "{script} 第 {ordinal}/{count} 条语句（第 {line} 行）：`{statement}` 已生效，但其变量值在记录前进程中断，"
    '而后续语句要用到它们。请将其余语句另写为自行设置变量的脚本，或撤销该语句后以 decision "again" 继续',
)
NOT_TRANSACTIONAL = Text(
    "{script}, line {line}: table {table} uses an engine without transactions, so its rows cannot be journalled: "
    "convert it to InnoDB first",
    "{script} 第 {line} 行：表 {table} 的存储引擎不支持事务，无法可靠记录，请先转换为 InnoDB",
)
