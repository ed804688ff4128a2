"""Why a write or a read was not done, named by what the caller must do."""


class StorageError(Exception):
    """Any refusal of the storage layer."""


class Superseded(StorageError):
    """Somebody else wrote first: what was read is out of date, read again or give up."""


class AlreadyExists(StorageError):
    """The key is taken."""


class BadCursor(StorageError):
    """The cursor was not made by this list."""
