"""From a stranger to a user with a second factor, in the browser alone."""

import re
import time
import uuid

import pyotp
import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import OpenWindow
from tests.e2e.browser.window import PHONE, Window

SECRET = re.compile(r"\b[A-Z2-7]{4}(?: [A-Z2-7]{1,4}){3,}\b")
PASSWORD = "correct horse battery staple"


def register(window: Window, name: str) -> None:
    window.open("/login")
    window.page.get_by_role("link", name=window.t("action.register"), exact=True).click()
    window.is_at("/register")
    window.field("login.username").fill(name)
    window.field("login.email").fill(f"{name}@example.com")
    window.field("login.password").fill(PASSWORD)
    window.button("action.register").click()
    window.is_at("/dashboard")


def log_out(window: Window, name: str) -> None:
    window.button("layout.accountOf", name=name).click()
    window.page.get_by_role("menuitem", name=window.t("action.logOut"), exact=True).click()
    window.is_at("/login")


def give_password(window: Window, name: str) -> None:
    window.field("login.nameOrEmail").fill(name)
    window.field("login.password").fill(PASSWORD)
    window.button("action.logIn").click()


def turn_second_factor_on(window: Window) -> tuple[pyotp.TOTP, list[str], str]:
    """Return the authenticator, the recovery codes and the code that was used."""
    window.open("/settings?tab=security")
    window.button("settings.totp.enable").click()
    dialog = window.page.get_by_role("dialog", name=window.t("settings.totp.enable"))
    dialog.get_by_label(window.t("login.password"), exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name=window.t("action.next"), exact=True).click()
    code_field = dialog.get_by_label(window.t("login.code"), exact=True)
    expect(code_field).to_be_visible()
    found = SECRET.search(dialog.inner_text())
    assert found, dialog.inner_text()
    authenticator = pyotp.TOTP(found[0].replace(" ", ""))
    used = authenticator.now()
    code_field.fill(used)
    dialog.get_by_role("button", name=window.t("settings.totp.enable"), exact=True).click()
    shown = window.page.get_by_role("dialog", name=window.t("settings.totp.codes"))
    expect(shown).to_be_visible()
    recovery_codes = shown.locator("code").all_inner_texts()
    shown.get_by_text(window.t("settings.totp.codesKept")).click()
    shown.get_by_role("button", name=window.t("action.close"), exact=True).click()
    window.sees(window.t("settings.totp.isOn"))
    return authenticator, recovery_codes, used


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_newcomer_registers_and_turns_the_second_factor_on(
    open_window: OpenWindow, language: str
) -> None:
    window = open_window(language=language)
    name = f"newcomer-{uuid.uuid4().hex[:8]}"
    register(window, name)
    authenticator, recovery_codes, used = turn_second_factor_on(window)
    assert len(set(recovery_codes)) >= 8
    log_out(window, name)

    window.expects("401 /auth/login", "401 /auth/login/totp")
    give_password(window, name)
    window.field("login.code").fill(used)  # a code works once
    expect(window.page.get_by_role("alert").first).to_be_visible()
    window.button("login.useRecoveryCode").click()
    window.field("login.recoveryCode").fill(recovery_codes[0])
    window.button("action.confirm").click()
    window.is_at("/dashboard")
    log_out(window, name)

    give_password(window, name)
    # The code of this half minute has been used: the app's clock is a little ahead.
    next_code = authenticator.at(int(time.time()) + authenticator.interval)
    window.field("login.code").fill(next_code)
    window.is_at("/dashboard")


def test_a_session_is_resumed_and_shared_by_tabs(open_window: OpenWindow) -> None:
    window = open_window(size=PHONE)
    name = f"newcomer-{uuid.uuid4().hex[:8]}"
    register(window, name)
    window.page.reload()
    window.has_settled()
    window.is_at("/dashboard")
    other = window.context.new_page()
    other.goto(f"{window.origin}/bots")
    expect(other.get_by_role("heading", level=1)).to_have_text(window.t("pages.bots"))
    kept = window.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert "token" not in kept
    assert window.page.evaluate("document.cookie") == ""
    log_out(window, name)
    other.reload()
    expect(other).to_have_url(re.compile("/login"))
