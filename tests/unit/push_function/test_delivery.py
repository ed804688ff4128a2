"""Frames on their way to many connections."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from functions.push.delivery import LATE, Delivery, Outcome
from pairtrader.storage.sockets import ConnectionGone


class Clients:
    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.release = Event()

    def send(self, connection_id: str, frame: str) -> None:
        if connection_id == "slow":
            self.release.wait(10)
        if connection_id == "gone":
            raise ConnectionGone(connection_id)
        self.heard.append((connection_id, frame))


def test_a_connection_hears_its_frames_in_order() -> None:
    clients = Clients()
    with ThreadPoolExecutor(8) as pool:
        delivery = Delivery(clients, pool)
        for name in ("a", "b", "gone"):
            delivery.start(name, ["1", "2", "3"])
        outcomes = delivery.finish()
    for name in ("a", "b"):
        assert [frame for who, frame in clients.heard if who == name] == ["1", "2", "3"]
    assert outcomes == [Outcome("a", 3), Outcome("b", 3), Outcome("gone", 0, gone=True)]


def test_a_slow_client_holds_nobody_up_and_is_given_up() -> None:
    clients = Clients()
    with ThreadPoolExecutor(2) as pool:
        delivery = Delivery(clients, pool)
        for name in ("slow", "a", "b", "c"):
            delivery.start(name, ["1"])
        outcomes = delivery.finish(seconds=0.2)
        clients.release.set()
    assert outcomes == [LATE, Outcome("a", 1), Outcome("b", 1), Outcome("c", 1)]
