"""Settings of the user behind the request."""

from typing import Annotated

from fastapi import Header, Response

from functions.api.dependencies import CurrentUser, ServicesDependency, SignedInUser
from functions.api.schemas.preferences import PreferencesResponse, PreferencesUpdate
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.storage.preferences import StoredPreferences

router = Routes(tags=["settings"], responses=documented(401))

Version = Annotated[
    str | None,
    Header(
        pattern=r'^(\*|"[0-9]{1,15}")$',
        description="`ETag` of the settings that the change was made from; left out or `*`: "
        "whatever is stored is overwritten.",
        examples=['"3"'],
    ),
]


@router.get("/settings", summary="Show settings")
def get_settings(
    user: CurrentUser, services: ServicesDependency, response: Response
) -> PreferencesResponse:
    """Return the user's settings; what was never set is as it was made."""
    return _shown(services.preferences.get(user.id), response)


@router.put("/settings", summary="Change settings", responses=documented(403, 404, 409))
def update_settings(
    body: PreferencesUpdate,
    user: SignedInUser,
    services: ServicesDependency,
    response: Response,
    if_match: Version = None,
) -> PreferencesResponse:
    """Set what is given, as a whole each; what is left out stays. Bots do not notice."""
    version = None if if_match in (None, "*") else int(if_match.strip('"'))
    return _shown(services.preferences.change(user.id, body.changes(), version), response)


def _shown(stored: StoredPreferences, response: Response) -> PreferencesResponse:
    response.headers["ETag"] = f'"{stored.version}"'
    return PreferencesResponse.of(stored)
