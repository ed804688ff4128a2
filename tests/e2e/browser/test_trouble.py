"""Logins that end, connections that are lost, an API that fails: nobody is left without a word."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.e2e.browser.conftest import OpenWindow
from tests.e2e.browser.furnished import started_bot
from tests.e2e.browser.pages import BotPage
from tests.e2e.browser.window import Window
from tests.e2e.conftest import API, Stack, Trader


def sign_out_elsewhere(trader: Trader) -> None:
    """End all of the trader's sessions but the one that this is said in."""
    for session in trader.all_of("/auth/sessions"):
        if not session["current"]:
            trader.delete(f"/auth/sessions/{session['id']}")


def go_to(window: Window, page: str) -> None:
    menu = window.page.get_by_role("navigation", name=window.t("layout.menu"))
    menu.get_by_role("link", name=window.t(f"pages.{page}"), exact=True).click()
    window.is_at(f"/{page}")


def fill_in_login(window: Window, trader: Trader) -> None:
    window.field("login.nameOrEmail").fill(trader.name)
    window.field("login.password").fill(trader.password)
    window.button("action.logIn").click()


def test_an_ended_login_is_told_over_the_page_and_what_was_typed_stays(
    trader: Trader, open_window: OpenWindow
) -> None:
    window = open_window(trader)
    address = f"new-{trader.name}@example.com"
    window.open("/settings?tab=profile")
    window.has_settled()
    window.field("login.email").fill(address)
    sign_out_elsewhere(trader)
    window.expects("401 /.*")
    window.button("action.save").click()
    dialog = window.page.get_by_role("dialog", name=window.t("session.expiredTitle"))
    expect(dialog).to_be_visible()
    dialog.get_by_label(window.t("login.password"), exact=True).fill(trader.password)
    dialog.get_by_role("button", name=window.t("action.logIn"), exact=True).click()
    expect(dialog).to_be_hidden()
    expect(window.field("login.email")).to_have_value(address)
    window.button("action.save").click()
    window.sees(window.t("action.saved"))
    assert trader.get("/users/me")["email"] == address


def test_a_page_that_met_an_ended_login_is_shown_after_the_next_one(
    trader: Trader, open_window: OpenWindow
) -> None:
    window = open_window(trader)
    window.open("/exchanges")
    window.has_settled()
    sign_out_elsewhere(trader)
    window.expects("401 /.*")
    go_to(window, "orders")
    dialog = window.page.get_by_role("dialog", name=window.t("session.expiredTitle"))
    dialog.get_by_label(window.t("login.password"), exact=True).fill(trader.password)
    dialog.get_by_role("button", name=window.t("action.logIn"), exact=True).click()
    expect(dialog).to_be_hidden()
    window.is_at("/orders")
    expect(window.page.get_by_role("main").get_by_role("alert")).to_have_count(0)


def test_a_page_that_needs_a_login_is_shown_after_it(
    trader: Trader, open_window: OpenWindow
) -> None:
    window = open_window(language="zh-CN")
    window.open("/settings?tab=security")
    window.is_at("/login")
    fill_in_login(window, trader)
    window.is_at("/settings")
    assert "tab=security" in window.page.url


def test_a_wrong_password_is_told_in_place(trader: Trader, open_window: OpenWindow) -> None:
    window = open_window()
    window.open("/login")
    window.expects("401 /auth/login")
    window.field("login.nameOrEmail").fill(trader.name)
    window.field("login.password").fill("not the password")
    window.button("action.logIn").click()
    expect(window.page.get_by_role("alert")).to_contain_text(
        window.t("problems.invalid_credentials")
    )
    fill_in_login(window, trader)
    window.is_at("/dashboard")


@pytest.mark.parametrize("target", ["//evil.example/x", "https://evil.example", "/\\evil.example"])
def test_a_login_leads_to_no_foreign_place(
    trader: Trader, open_window: OpenWindow, target: str
) -> None:
    window = open_window()
    window.open(f"/login?next={target}")
    fill_in_login(window, trader)
    window.is_at("/dashboard")


class Wire:
    """The line between a window and live push."""

    def __init__(self, window: Window) -> None:
        self.is_up = True
        self.sockets: list[WebSocketRoute] = []
        window.page.route_web_socket("**/ws*", self._join)

    def _join(self, socket: WebSocketRoute) -> None:
        if not self.is_up:
            socket.close(code=1001)
            return
        self.sockets.append(socket)
        socket.connect_to_server()

    def cut(self) -> None:
        self.is_up = False
        for socket in self.sockets:
            socket.close(code=1001)
        self.sockets.clear()


def test_a_lost_connection_is_shown_and_made_again(
    stack: Stack, trader: Trader, open_window: OpenWindow
) -> None:
    bot = started_bot(stack, trader, "watched")
    window = open_window(trader)
    wire = Wire(window)
    window.open(f"/bots/{bot.id}")
    page = BotPage(window, "watched")
    connection = window.page.get_by_role("status").filter(has_text=window.t("connection.live"))
    expect(connection).to_be_visible()
    wire.cut()
    offline = window.page.get_by_role("status").filter(has_text=window.t("connection.offline"))
    expect(offline).to_be_visible()
    assert bot.tick() == "traded"  # what happened meanwhile is not missed
    wire.is_up = True
    expect(connection).to_be_visible()
    page.has_done(1)


@contextmanager
def failing(window: Window, path: str) -> Iterator[None]:
    """Have the API fail at `path` meanwhile."""

    def fail(route: Route) -> None:
        route.fulfill(
            status=500,
            content_type="application/problem+json",
            body='{"code": "internal_error", "status": 500, "title": "Internal Server Error",'
            ' "detail": "Something broke.", "request_id": "request-4711"}',
        )

    address = f"{window.origin}{API}{path}"
    window.page.route(address, fail)
    yield
    window.page.unroute(address, fail)


FAILING = [("/bots", "/bots?*"), ("/exchanges", "/exchanges?*"), ("/dashboard", "/dashboard*")]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_failure_is_told_and_tried_again(
    trader: Trader, open_window: OpenWindow, language: str
) -> None:
    trader.post(f"/bots/{trader.bot(trader.account())}/start")
    window = open_window(trader, language=language)
    window.expects("500 /.*")
    for page, path in FAILING:
        with failing(window, path):
            window.open(page)
            problem = window.page.get_by_role("main").get_by_role("alert").first
            expect(problem).to_contain_text(window.t("problems.internal_error"))
            expect(problem).to_contain_text("request-4711")
        problem.get_by_role("button", name=window.t("action.retry")).click()
        expect(window.page.get_by_role("main").get_by_role("alert")).to_have_count(0)
        window.has_settled()


def test_without_a_network_the_page_says_so_and_the_login_stays(
    trader: Trader, open_window: OpenWindow
) -> None:
    window = open_window(trader)
    window.expects("error: WebSocket connection.*")
    window.open("/orders")
    window.has_settled()
    go_to(window, "exchanges")
    window.has_settled()
    window.context.set_offline(True)
    go_to(window, "orders")
    problem = window.page.get_by_role("main").get_by_role("alert").first
    expect(problem).to_contain_text(window.t("problems.offline"))
    window.context.set_offline(False)
    problem.get_by_role("button", name=window.t("action.retry")).click()
    expect(window.page.get_by_role("main").get_by_role("alert")).to_have_count(0)
    window.is_at("/orders")


def test_parts_of_a_build_that_is_gone_are_had_from_the_new_one(
    trader: Trader, open_window: OpenWindow
) -> None:
    window = open_window(trader)
    window.open("/bots")
    window.has_settled()
    window.expects("404 .*/assets/.*")
    window.page.route("**/assets/AuditLog-*.js", lambda route: route.fulfill(status=404), times=1)
    go_to(window, "audit")
    expect(window.heading(window.t("pages.audit"))).to_be_visible()
    window.is_at("/audit")
