"""What is wrong with a rating."""

from enghub.core.errors import Invalid
from enghub.core.i18n import Text


class RatingRefused(Invalid):
    """A rating is not one of 1 to 10."""

    text = Text("{field} is {value}: rate from 1 to 10", "{field} 为 {value}：评分须在 1 到 10 之间")
