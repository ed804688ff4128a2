"""Puts the function's parts together from real stores; done once per process."""

import os
import time
from functools import lru_cache

from functions.socket.connections import Connections
from functions.socket.credentials import Credentials
from functions.socket.settings import settings
from pairtrader.storage.api_tokens import ApiTokenRepository
from pairtrader.storage.bots import BotRepository
from pairtrader.storage.connections import ConnectionRepository
from pairtrader.storage.refresh_tokens import RefreshTokenRepository
from pairtrader.storage.sockets import Sockets, absolute_endpoint
from pairtrader.storage.users import UserRepository
from pairtrader.storage.watched_bots import WatchedBots


def _now() -> int:
    return int(time.time())


@lru_cache
def connections() -> Connections:
    """Return the process's connections."""
    judge = Credentials(UserRepository(), RefreshTokenRepository(), ApiTokenRepository())
    watched = WatchedBots()
    return Connections(ConnectionRepository(), BotRepository(), watched, judge, _now)


@lru_cache
def sockets() -> Sockets:
    """Return the way to the clients."""
    return Sockets(absolute_endpoint(settings().websocket_endpoint, os.environ))
