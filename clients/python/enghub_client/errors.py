"""What can go wrong at a client."""


class ClientError(Exception):
    """Base of what this package raises."""


class SettingMissing(ClientError, KeyError):
    """Nothing answers for the key, and no default was given."""

    def __str__(self) -> str:
        return f"no setting {self.args[0]} answers; give a default, or name its key when the client is made"


class SecretMasked(ClientError):
    """The setting is encrypted: only ``Client.secret`` tells its value, and each time is audited."""


class Refused(ClientError):
    """The hub understood and said no: another token, or another request, is needed."""


class Away(ClientError):
    """The hub cannot be reached, or says that it cannot answer now; ``retry_after`` seconds where it says so."""

    def __init__(self, problem: str, retry_after: float = 0.0) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


class CacheDamaged(ClientError):
    """The cache on disk is not as it was written: everything is fetched anew."""


class Unreadable(ClientError):
    """The hub answered what is no snapshot."""
