"""What webhooks may reach, by whatever form an address is written in."""

import ipaddress

import pytest

from functions.deliver.public_hosts import public_addresses
from functions.deliver.sending import CannotDeliver, TryLater
from pairtrader.model.webhook_target import BadTarget, is_public, parse_target

TARGET = parse_target("https://hooks.example.com/in")
PUBLIC = ("93.184.215.14", "8.8.8.8", "2606:4700::6810:84e5", "64:ff9b::808:808", "::ffff:8.8.8.8")
INSIDE = (
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.251",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo of 10.0.0.1
    "2001:db8::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2606:4700::1%1",
)


@pytest.mark.parametrize("text", PUBLIC)
def test_hosts_of_the_public_internet_are_reached(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))
    assert public_addresses(TARGET, lambda _h, _p: [text]) == [text]


@pytest.mark.parametrize("text", INSIDE)
def test_what_is_not_the_public_internet_is_never_reached(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))
    with pytest.raises(CannotDeliver):
        public_addresses(TARGET, lambda _h, _p: [text])


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_inside_of_a_url_is_refused_before_anything_is_asked(text: str) -> None:
    host = f"[{text}]" if ":" in text else text
    with pytest.raises(BadTarget):
        parse_target(f"https://{host}/in")


@pytest.mark.parametrize(
    "found",
    [
        ["93.184.215.14", "10.0.0.1"],
        ["10.0.0.1", "93.184.215.14"],
        ["93.184.215.14", "::ffff:127.0.0.1"],
        ["2606:4700::6810:84e5", "fd00::1"],
        ["93.184.215.14", "no address"],
    ],
)
def test_one_address_inside_among_public_ones_is_enough_to_refuse(found: list[str]) -> None:
    with pytest.raises(CannotDeliver):
        public_addresses(TARGET, lambda _h, _p: found)


def test_a_name_without_an_address_may_have_one_later() -> None:
    def fails(_host: str, _port: int) -> list[str]:
        raise OSError("no such host")

    for resolver in (fails, lambda _h, _p: []):
        with pytest.raises(TryLater):
            public_addresses(TARGET, resolver)


def test_this_machine_is_reached_on_a_local_stack_alone() -> None:
    local = parse_target("http://127.0.0.1:9000/in", allow_loopback=True)
    assert public_addresses(local, lambda h, _p: [h], allow_loopback=True) == ["127.0.0.1"]
    for text in ("10.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0"):
        with pytest.raises(CannotDeliver):
            public_addresses(local, lambda _h, _p, t=text: [t], allow_loopback=True)
    for url in ("http://10.0.0.1/", "http://example.com/", "https://192.168.1.1/"):
        with pytest.raises(BadTarget):
            parse_target(url, allow_loopback=True)


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://Hooks.Example.com", "hooks.example.com", "/"),
        ("https://hooks.example.com:8443/a?b=c#d", "hooks.example.com:8443", "/a?b=c"),
        ("https://hooks.example.com./x", "hooks.example.com", "/x"),
        ("https://[2606:4700::6810:84e5]/x", "[2606:4700::6810:84e5]", "/x"),
        ("https://xn--mnchen-3ya.de/", "xn--mnchen-3ya.de", "/"),
    ],
)
def test_a_url_is_taken_apart(url: str, authority: str, path: str) -> None:
    target = parse_target(url)
    assert (target.authority, target.path) == (authority, path)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com\\@10.0.0.1/",
        "https://hooks.example.com@10.0.0.1/",
        "https://10.0.0.1#@hooks.example.com/",
        "https://017700000001/",
        "https://0x7f.0.0.1/",
        "https://127.0.0.1.:443/",
        "https://example.com:22/",
        "https://example.com:0x50/",
        "https://example.com\r\nHost: inside/",
        "javascript:alert(1)",
        "https://" + "a" * 2000 + ".com/",
    ],
)
def test_tricks_with_urls_are_refused(url: str) -> None:
    with pytest.raises(BadTarget):
        parse_target(url)
