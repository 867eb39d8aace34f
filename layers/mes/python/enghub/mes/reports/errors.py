"""Why a production report is refused."""

from enghub.core.errors import Invalid
from enghub.core.i18n import Text


class ReportTimeInFuture(Invalid):
    """The report claims to be from a time that has not come."""

    text = Text(
        "reportTime {report_time} lies in the future: check the clock of the terminal",
        "报工时间 {report_time} 晚于当前时间：请检查终端时钟",
    )
