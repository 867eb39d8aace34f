"""What every refusal to begin an upgrade has in common: whoever starts many goes on with the next site."""

from enghub.core.errors import RuleViolated


class UpgradeRefused(RuleViolated):
    """An upgrade is not begun: its path, the site, or what was promised of it is not as it has to be."""
