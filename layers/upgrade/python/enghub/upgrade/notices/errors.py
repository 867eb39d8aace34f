"""Why a notice does not reach somebody."""


class NoticeRefused(Exception):
    """It never will: an address that is not allowed, a receiver that says no. Trying again would not help."""


class NoticeDelayed(Exception):
    """It may later: the service or the receiver does not answer now."""
