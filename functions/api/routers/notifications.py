"""Notifications: where a user is told what their bots do."""

from functions.api.dependencies import CurrentUser, KeyHolder, ServicesDependency
from functions.api.schemas.notifications import (
    ChannelCreate,
    ChannelResponse,
    ChannelUpdate,
    CodeProof,
    NewChannelResponse,
)
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.web.audited import audited
from functions.api.web.problems import documented
from functions.api.web.routes import Routes

router = Routes(
    prefix="/notifications/channels", tags=["notifications"], responses=documented(401, 403)
)


@router.post(
    "",
    status_code=201,
    summary="Add a channel",
    responses=documented(409, 429, 503),
    dependencies=[audited("channel.add")],
)
def add_channel(
    body: ChannelCreate, user: KeyHolder, services: ServicesDependency
) -> NewChannelResponse:
    """Add an e-mail, Telegram or webhook channel.

    An e-mail channel goes to the user's own address and is sent a code at once; events follow when
    the code was given back. A webhook's signing key is in this answer and in no other.
    """
    return NewChannelResponse.with_secret(*services.channels.add(user, body))


@router.get("", summary="List channels", responses=documented(400))
def list_channels(
    user: CurrentUser, services: ServicesDependency, limit: Limit = 50, cursor: Cursor = None
) -> PageResponse[ChannelResponse]:
    """Return the user's channels, oldest first, and how sending to each of them goes."""
    return page_of(services.channels.list(user.id, limit, cursor), ChannelResponse.of)


@router.get("/{channel_id}", summary="Show a channel", responses=documented(404))
def get_channel(
    channel_id: str, user: CurrentUser, services: ServicesDependency
) -> ChannelResponse:
    """Return one channel, and how sending to it goes."""
    return ChannelResponse.of(services.channels.get(user.id, channel_id))


@router.patch(
    "/{channel_id}",
    summary="Change a channel",
    responses=documented(404, 409, 503),
    dependencies=[audited("channel.change", "channel_id")],
)
def update_channel(
    channel_id: str, body: ChannelUpdate, user: KeyHolder, services: ServicesDependency
) -> ChannelResponse:
    """Change what is given; the kind stays."""
    return ChannelResponse.of(services.channels.update(user.id, channel_id, body))


@router.delete(
    "/{channel_id}",
    status_code=204,
    summary="Delete a channel",
    responses=documented(404, 409, 503),
    dependencies=[audited("channel.delete", "channel_id")],
)
def delete_channel(channel_id: str, user: KeyHolder, services: ServicesDependency) -> None:
    """Remove the channel with its secrets; messages under way to it are dropped."""
    services.channels.delete(user.id, channel_id)


@router.post(
    "/{channel_id}/test",
    status_code=202,
    summary="Send a test message",
    responses=documented(404, 409, 429, 503),
    dependencies=[audited("channel.test", "channel_id")],
)
def test_channel(channel_id: str, user: KeyHolder, services: ServicesDependency) -> None:
    """Queue a test message; the channel shows afterwards whether it was delivered."""
    services.channels.test(user.id, channel_id)


@router.post(
    "/{channel_id}/verification",
    status_code=202,
    summary="Send a new code",
    responses=documented(404, 409, 429, 503),
    dependencies=[audited("channel.send_code", "channel_id")],
)
def send_channel_code(channel_id: str, user: KeyHolder, services: ServicesDependency) -> None:
    """Send a new code to an e-mail channel; the one before is void."""
    services.channels.send_code(user.id, channel_id)


@router.post(
    "/{channel_id}/verify",
    summary="Prove an address",
    responses=documented(404, 409, 503),
    dependencies=[audited("channel.verify", "channel_id")],
)
def verify_channel(
    channel_id: str, body: CodeProof, user: KeyHolder, services: ServicesDependency
) -> ChannelResponse:
    """Give back the code that was sent; events are sent from now on."""
    return ChannelResponse.of(services.channels.verify(user.id, channel_id, body.code))


@router.post(
    "/{channel_id}/secret",
    summary="Renew a webhook's key",
    responses=documented(404, 409, 503),
    dependencies=[audited("channel.new_secret", "channel_id")],
)
def rotate_channel_secret(
    channel_id: str, user: KeyHolder, services: ServicesDependency
) -> NewChannelResponse:
    """Sign with a new key from the next message on; it is in this answer and in no other."""
    return NewChannelResponse.with_secret(*services.channels.rotate(user.id, channel_id))
