"""Open a report in Chromium, and keep what the browser complains of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanpact.findings import Report
from spanpact.reporting import TextOptions
from spanpact.reporting.formats import render_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_VIOLATIONS = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page in the browser, and what was logged, thrown and requested."""

    page: Page
    logged: list[str]

    def complaints(self) -> list[str]:
        """Return what was logged, thrown or requested, and what the policy of the page has refused."""
        refused: list[Any] = self.page.evaluate("violations")
        return [*self.logged, *(f"refused: {each}" for each in refused)]

    def texts(self, selector: str) -> list[str]:
        """Return the texts of the elements that a selector finds and that are seen."""
        return [each.inner_text() for each in self.page.locator(selector).all() if each.is_visible()]

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def address(self) -> str:
        """Return the part of the address within the page."""
        return str(self.page.evaluate("location.hash"))


def page_of(report: Report, **options: Any) -> str:
    """Return the HTML page of a report."""
    return render_report("html", report, TextOptions(**options))


@contextmanager
def running_browser(program: str) -> Iterator[Browser]:
    """Run a Chromium without a window; as root it has no sandbox."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@contextmanager
def opened_page(browser: Browser, file: Path, address: str = "", **options: Any) -> Iterator[Opened]:
    """Open a file at an address within it. `options` are those of a browser context, such as `color_scheme`."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
    context.add_init_script(_VIOLATIONS)
    page = context.new_page()
    opened = Opened(page, [])
    page.on("console", lambda message: opened.logged.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: opened.logged.append(f"error: {error}"))
    page.on("request", lambda request: opened.logged.extend(_loaded(request.url, file)))
    page.goto(file.as_uri() + address)
    yield opened
    context.close()


def _loaded(url: str, file: Path) -> list[str]:
    return [] if url.partition("#")[0] == file.as_uri() else [f"requested: {url}"]
