"""What a site's id is made of."""

from typing import Annotated

from pydantic import Field

SiteId = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
