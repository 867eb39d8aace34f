"""Which spellings name the same part, and which revision is newer: rules of a connection, never guessed (PLM-01).

Unicode NFKC makes full-width digits, no-break blanks and the micro sign what they stand for. It does not fold every
dash, nor drop what nobody sees: such look-alikes are refused by name, or mapped where the connection says so.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from enghub.plm.identities.errors import IdentitiesCollide, LookAlike

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u30fc"
UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u180e"
LONGEST = 50
"""Of a part number, in characters (source document 2.1.1)."""
ASME_LETTERS = "ABCDEFGHJKLMNPRTUVWY"
"""ASME Y14.35 leaves out I, O, Q, S, X and Z."""
PLAIN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TOKENS = re.compile(r"[A-Z]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """How a connection's part numbers are compared.

    ``fold_case``: "ab-1" is "AB-1". ``fold_leading_zeros``: "00123" is "123". ``map_look_alikes``: other dashes become
    "-", unseen characters vanish; without it they are refused.
    """

    fold_case: bool = False
    fold_leading_zeros: bool = False
    map_look_alikes: bool = False

    def part_number(self, raw: str, field: str) -> str:
        """Return the part number that ``raw`` names, of at most 50 characters.

        Raises:
            LookAlike: it holds a character that only looks like another; ``field`` is named.
        """
        text = unicodedata.normalize("NFKC", raw) if not raw.isascii() else raw
        if not text.isascii():
            text = self._without_look_alikes(text, raw, field)
        text = " ".join(text.split())
        if self.fold_case:
            text = text.upper()
        if self.fold_leading_zeros:
            text = text.lstrip("0") or text[:1]
        return text

    def _without_look_alikes(self, text: str, raw: str, field: str) -> str:
        for character in (*DASHES, *UNSEEN):
            if character not in text:
                continue
            if not self.map_look_alikes:
                name = unicodedata.name(character, f"U+{ord(character):04X}")
                raise LookAlike(field=field, value=raw, character=f"U+{ord(character):04X} {name}")
            text = text.replace(character, "-" if character in DASHES else "")
        return text

    def collisions(self, raws: Iterable[str], field: str) -> Mapping[str, tuple[str, ...]]:
        """Return the part numbers that several different spellings of ``raws`` name, with those spellings."""
        found: dict[str, dict[str, None]] = {}
        for raw in raws:
            found.setdefault(self.part_number(raw, field), {})[raw] = None
        return {part: tuple(spellings) for part, spellings in found.items() if len(spellings) > 1}

    def refuse_collisions(self, raws: Iterable[str], field: str) -> None:
        """Refuse a set of part numbers in which two spellings name one part.

        Raises:
            IdentitiesCollide: the first such part, with its spellings.
        """
        for part, spellings in self.collisions(raws, field).items():
            raise IdentitiesCollide(field=field, part=part, spellings=", ".join(map(repr, spellings)))


AS_WRITTEN = IdentityRules()
"""What a connection without rules does: only Unicode's own equalities."""


class RevisionScheme(StrEnum):
    """Which letters revisions use. Both: "-" is the first; A..., then AA...; numbers before letters."""

    ASME_Y14_35 = "ASME_Y14_35"
    PLAIN = "PLAIN"


@dataclass(frozen=True, slots=True)
class RevisionOrder:
    """The order of a connection's revisions."""

    scheme: RevisionScheme = RevisionScheme.PLAIN

    @property
    def letters(self) -> str:
        """The letters in use, in their order."""
        return ASME_LETTERS if self.scheme is RevisionScheme.ASME_Y14_35 else PLAIN_LETTERS

    @staticmethod
    def rank(revision: str) -> tuple[tuple[int, int, str], ...]:
        """Return what sorts as revisions do: "-" first, Z before AA, 2 before 10, 9 before A."""
        return tuple(
            (0, int(token), "") if token.isdigit() else (1, len(token), token)
            for token in _TOKENS.findall(revision.strip().upper())
        )

    def following(self, revision: str) -> str:
        """Return the revision after ``revision``: of letters by the scheme, of a number by one.

        Raises:
            ValueError: the revision mixes letters and digits, or uses a letter outside the scheme.
        """
        text = revision.strip().upper()
        if text in {"", "-"}:
            return self.letters[0]
        if text.isdigit():
            return str(int(text) + 1)
        if not all(letter in self.letters for letter in text):
            message = f"{revision!r} is no revision of {self.scheme.value}"
            raise ValueError(message)
        places = [self.letters.index(letter) for letter in text]
        for at in reversed(range(len(places))):
            places[at] += 1
            if places[at] < len(self.letters):
                return "".join(self.letters[place] for place in places)
            places[at] = 0
        return self.letters[0] * (len(places) + 1)
