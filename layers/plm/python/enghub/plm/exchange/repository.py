"""What the exchange of files needs of a bucket."""

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from enghub.plm.exchange.reading import Bytes


class Bucket(Protocol):
    """The objects of one stage."""

    def opened(self, key: str, version: str) -> AbstractContextManager[Bytes | None]:
        """Read an object's version as it streams; None where it is not there any more.

        Raises:
            Unavailable: the store does not answer; repeating is safe.
        """

    def read(self, key: str) -> bytes:
        """Return a small object; raises as ``opened``."""

    def write(self, key: str, content: bytes | BinaryIO) -> None:
        """Store an object whole, in place of what is there; raises as ``opened``."""
