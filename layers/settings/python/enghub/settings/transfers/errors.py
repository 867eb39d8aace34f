"""What can go wrong with files of configuration."""

from enghub.core.errors import Invalid, RuleViolated
from enghub.core.i18n import Text


class FileUnreadable(Invalid):
    """The file is none that can be read (40001); ``place`` says where."""


class ImportRefused(RuleViolated):
    """Some rows are refused, so nothing was changed; ``errors`` says which 100, where and why (42201)."""

    text = Text(
        "{refused} of {total} rows are refused: nothing was changed",
        "{total} 行中有 {refused} 行被拒绝，未做任何修改",
    )


class ExportTooLarge(RuleViolated):
    """The file would be larger than one answer may be (42201)."""

    text = Text(
        "The file has {size_bytes} bytes, an answer takes {limit_bytes}: export one scope at a time",
        "文件有 {size_bytes} 字节，单次响应最多 {limit_bytes} 字节：请按 scope 分次导出",
    )
