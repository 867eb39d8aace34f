"""The kinds of things that settings keep, as folders, backups and rules of approval name them."""

from enum import StrEnum


class Kind(StrEnum):
    """What settings keep, under the names of rules of approval."""

    CONFIG = "config"
    FLAG = "flag"
    SEGMENT = "segment"
    RULE = "rule"
