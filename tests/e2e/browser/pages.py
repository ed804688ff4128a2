"""Pages by what people do on them; controls are found by role and label alone."""

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.e2e.browser.window import Window


class Accounts:
    """The page of exchange accounts."""

    def __init__(self, window: Window) -> None:
        self.window = window
        window.open("/exchanges")
        window.has_settled()

    def add_replay(self, label: str, dataset: str) -> None:
        """Add a simulated account that replays recorded candles, one a tick."""
        t = self.window.t
        self.window.button("exchanges.add").first.click()
        dialog = self.window.page.get_by_role("dialog", name=t("exchanges.add"))
        choose(dialog, t("exchanges.names.simulated"))
        dialog.get_by_label(t("exchanges.label"), exact=True).fill(label)
        choose(dialog, t("exchanges.simulation.replay"))
        dialog.get_by_label(t("exchanges.simulation.dataset"), exact=True).fill(dataset)
        choose(dialog, t("exchanges.simulation.step"))
        switch = dialog.get_by_role("switch", name=t("exchanges.simulation.funding"))
        turn_off(switch)
        dialog.get_by_role("button", name=t("exchanges.save"), exact=True).click()
        expect(dialog).to_be_hidden()
        self.window.sees(label)


class Wizard:
    """The steps to a new bot."""

    def __init__(self, window: Window) -> None:
        self.window, self.main = window, window.page.get_by_role("main")
        window.open("/bots/new")
        window.has_settled()

    @classmethod
    def already_open(cls, window: Window) -> "Wizard":
        """The wizard that another page has led to."""
        wizard = cls.__new__(cls)
        wizard.window, wizard.main = window, window.page.get_by_role("main")
        window.has_settled()
        return wizard

    def is_at(self, step: str) -> None:
        heading = self.main.get_by_role(
            "heading", level=2, name=self.window.t(f"wizard.steps.{step}")
        )
        expect(heading.first).to_be_visible()

    def go_on(self) -> None:
        self.window.button("action.next").click()

    def label(self, field: str) -> str:
        return self.window.t(f"wizard.fields.{field}.label")

    def choose_account(self, label: str, bot_name: str) -> None:
        self.is_at("account")
        self.main.get_by_role("radio").filter(has_text=label).click()
        self.main.get_by_label(self.label("bot_name"), exact=True).fill(bot_name)
        self.go_on()

    def choose_pair(self, symbols: tuple[str, str], start: str) -> None:
        """`start` is UTC, such as 2025-05-11 21:47."""
        self.is_at("pair")
        # The recording lies before the start time that is offered first.
        self.window.expects("422 /exchanges/.*/spread")
        for field, symbol in zip(("market1_symbol", "market2_symbol"), symbols, strict=True):
            box = self.main.get_by_role("combobox", name=self.label(field))
            box.click()
            box.fill(symbol.partition("-")[0])
            # The other market's list may be on its way out.
            offered = self.window.page.locator(f"#{box.get_attribute('aria-controls')}")
            offered.get_by_role("option", name=symbol).click()
        choose(self.main, "UTC")
        picker = self.main.get_by_role("combobox", name=self.label("start_time"))
        picker.fill(start)
        picker.press("Enter")
        self.go_on()

    def take_ladder(self) -> None:
        """Leave the ladder as it is offered."""
        self.is_at("ladder")
        self.go_on()

    def go_on_after_closes(self) -> None:
        """Have the bot not pause after a close."""
        self.is_at("exits")
        switch = self.main.get_by_role("switch", name=self.label("pause_after_close"))
        turn_off(switch)
        self.go_on()

    def create(self) -> str:
        """Create the bot; return its id."""
        self.is_at("review")
        self.window.button("wizard.create").click()
        self.window.is_at(r"/bots/[0-9A-Z]{26}", is_pattern=True)
        return self.window.page.url.rpartition("/")[2]


class BotPage:
    """A bot's own page, which is open."""

    def __init__(self, window: Window, name: str) -> None:
        self.window, self.name = window, name
        expect(window.heading(name)).to_be_visible()

    def move(self, action: str, decide: Callable[[Locator], None] | None = None) -> None:
        """Press a button, and confirm what it says it will do."""
        label = self.window.t(f"bots.actions.{action}.label")
        controls = self.window.page.get_by_role(
            "group", name=self.window.t("bots.controls", name=self.name)
        )
        controls.first.get_by_role("button", name=label, exact=True).click()
        title = self.window.t(f"bots.actions.{action}.title", name=self.name)
        dialog = self.window.page.get_by_role("dialog", name=title)
        expect(dialog).to_be_visible()
        if decide is not None:
            decide(dialog)
        dialog.get_by_role("button", name=label, exact=True).click()
        expect(dialog).to_be_hidden()

    def is_now(self, status: str) -> None:
        heading = self.window.heading(self.name)
        expect(heading).to_contain_text(self.window.t(f"statuses.{status}"))

    def has_done(self, rows: int) -> None:
        """Wait until so many rows of the ladder are shown as done."""
        ladder = self.window.page.get_by_role("table", name=self.window.t("detail.ladder.title"))
        done = ladder.get_by_role("row").filter(has_text=self.window.t("detail.ladder.states.done"))
        expect(done).to_have_count(rows)


def choose(within: Locator, option: str) -> None:
    """Choose one of several; the inputs lie under the labels that people see."""
    radio = within.get_by_role("radio", name=option, exact=True)
    radio.locator("xpath=..").click()
    expect(radio).to_be_checked()


def turn_off(switch: Locator) -> None:
    """Have the switch off, whatever it was."""
    if switch.get_attribute("aria-checked") == "true":
        switch.locator("xpath=..").click()
    expect(switch).to_have_attribute("aria-checked", "false")
