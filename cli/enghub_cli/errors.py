"""The one error a user of the CLI sees: a line that says what to do."""


class Stop(Exception):
    """End the command; the text says what is wrong and what to do about it."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code
