"""Settings of a user: how things are shown, and what forms begin with."""

from typing import Any

from pydantic import ConfigDict

from functions.api.schemas.texts import Moment
from pairtrader.model.preferences import Preferences
from pairtrader.storage.preferences import StoredPreferences


class PreferencesUpdate(Preferences):
    """Settings to be changed; what is left out stays, what is given is replaced as a whole."""

    def changes(self) -> dict[str, Any]:
        """Return the settings that were given."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class PreferencesResponse(Preferences):
    """All settings of a user."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    version: int
    """Counts the changes; 0: everything is as it was made. The same number is in `ETag`."""
    updated_at: Moment | None
    """When they were last changed; null: never."""

    @classmethod
    def of(cls, stored: StoredPreferences) -> "PreferencesResponse":
        """Return the answer that shows `stored`."""
        return cls(
            **dict(stored.preferences),
            version=stored.version,
            updated_at=stored.updated_at or None,
        )
