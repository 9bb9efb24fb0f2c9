"""Debian's Chromium, which tells what went wrong on a page."""

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDTHS = {"phone": (360, 740), "tablet": (768, 1024), "desk": (1280, 900)}
"""Of windows, in CSS pixels."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Window:
    """A window of its own, with cookies of its own. `complaints` is what its pages had on their console."""

    context: "BrowserContext"
    page: "Page"
    web: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> "Page":
        self.page.goto(f"{self.web}{path}")
        return self.page

    def log_in(self, password: str = "admin", to: str = "/") -> None:
        page = self.open(f"/login?next={to}")
        page.get_by_label("Password").fill(password)
        page.get_by_role("main").get_by_role("button", name="Log in").click()


class Chromium:
    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self._windows: list[Window] = []

    def window(self, web: str, width: str = "desk", *, dark: bool = False, **options: Any) -> Window:
        """`web` is a phone's URL without a path."""
        across, down = WIDTHS[width]
        context = self._browser.new_context(
            viewport={"width": across, "height": down},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        window = Window(context, page, web)
        page.on(
            "console", lambda said: said.type in {"error", "warning"} and window.complaints.append(said.text)
        )
        page.on("pageerror", lambda error: window.complaints.append(str(error)))
        self._windows.append(window)
        return window

    def close(self) -> None:
        for window in self._windows:
            window.context.close()
        self._windows.clear()


@contextmanager
def started(program: str) -> Iterator[Chromium]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not everybody has it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield Chromium(browser)
        finally:
            browser.close()


def required(require_peer: Callable[[str], str]) -> str:
    """Its path; skips the test where there is none, fails it where the environment sets CI."""
    if importlib.util.find_spec("playwright") is None:
        message = "playwright is not installed; the dev dependencies have it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return require_peer("chromium")
