"""What goes wrong where shares are set."""


class TrafficFailed(Exception):
    """A share could not be set or read; the text says why. The ramp tries again, so no request is told."""
