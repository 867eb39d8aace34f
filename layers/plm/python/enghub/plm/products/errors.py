"""What can go wrong with product mappings."""

from enghub.core.errors import Unavailable
from enghub.core.i18n import Text


class ProductsContended(Unavailable):
    """Other writers kept changing the same products; nothing of this group was written."""

    text = Text("Too many writers on the same products: try again", "同一产品正被频繁修改，请稍后重试")
