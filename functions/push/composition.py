"""Puts the function's parts together from real stores; done once per process."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from functions.push.broadcast import Broadcast
from functions.push.delivery import THREADS, Delivery
from functions.push.settings import settings
from pairtrader.storage.bots import BotRepository
from pairtrader.storage.connections import ConnectionRepository
from pairtrader.storage.sockets import Sockets, absolute_endpoint
from pairtrader.storage.watched_bots import WatchedBots


def _now() -> int:
    return int(time.time())


@lru_cache
def broadcast() -> Broadcast:
    """Return the process's broadcast."""
    return Broadcast(ConnectionRepository(), BotRepository(), WatchedBots(), _now)


@lru_cache
def _sockets() -> Sockets:
    sockets = Sockets(absolute_endpoint(settings().websocket_endpoint, os.environ))
    sockets.connect()
    return sockets


@lru_cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS)


def delivery() -> Delivery:
    """Return a delivery for one batch."""
    return Delivery(_sockets(), _pool())
