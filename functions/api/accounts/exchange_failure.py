"""Why the exchange function did not do what it was asked."""


class ExchangeFailure(Exception):
    """The exchange function could not do what was asked; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
