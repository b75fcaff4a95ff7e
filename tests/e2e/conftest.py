"""A real browser, and people who sign in with it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.stack import Running

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
PATIENT_MS = 90_000

SignIn = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *SOFTWARE_GL])
        yield launched
        launched.close()


@pytest.fixture
def sign_in(stack: Running, browser: Browser, tmp_path: Path) -> Iterator[SignIn]:
    """Opens the console as somebody with a role in an organisation; complains of script errors at the end."""
    contexts: list[Any] = []
    faults: list[str] = []

    def open_as(organisation: str, role: str, width: int = 1280, language: str = "en-GB", nth: int = 0) -> Page:
        people = stack.outside.credentials["people"]
        person = [one for one in people if one["organisation"] == organisation and role in one["roles"]][nth]
        context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENT_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{stack.outside.origin}/")
        page.get_by_test_id("sign-in").click()
        page.fill("#username", person["username"])
        if not page.locator("#password").is_visible():
            page.click("#kc-login")
        page.fill("#password", person["password"])
        page.click("#kc-login")
        page.get_by_test_id("account").wait_for()
        return page

    yield open_as
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=tmp_path / f"{number}.png")  # kept by pytest with a failed test
        context.close()
    assert faults == []
