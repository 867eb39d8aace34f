"""What a stage says about calls to addresses that people gave."""

from collections.abc import Iterable
from dataclasses import dataclass

from enghub.core import config
from enghub.kit.outbound.addresses import Policy, private_ranges


@dataclass(frozen=True, slots=True)
class OutboundConfig:
    """From the stage's data; only the local stage sets the first."""

    outbound_loopback: bool = False
    outbound_private: str = ""
    """Private ranges of the installation's owner, with blanks between them."""


def stage_policy(private: Iterable[str] = (), *, plain_http: bool = False) -> Policy:
    """Return the policy of this stage, with ``private`` ranges of another owner (a site's) as well.

    Raises:
        OutboundRefused: a range is none.
    """
    found = config.load(OutboundConfig)
    ranges = (*found.outbound_private.split(), *private)
    return Policy(private_ranges(ranges), found.outbound_loopback, plain_http or found.outbound_loopback)
