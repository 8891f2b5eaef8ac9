"""Fixtures of the tests in a browser: a Chromium, and reports opened in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from integration.browser.opening import Opened, opened_page, running_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a Chromium without a window."""
    with running_browser(os.environ["SPANPACT_BROWSER"]) as browser:
        yield browser


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens the page of a report. Nothing may be loaded, logged or refused by the policy."""
    with ExitStack() as stack:
        pages: list[Opened] = []

        def opening(source: str, address: str = "", **options: Any) -> Opened:
            file = tmp_path / f"report-{len(pages)}.html"
            file.write_text(source, encoding="utf-8")
            pages.append(stack.enter_context(opened_page(browser, file, address, **options)))
            return pages[-1]

        yield opening
        for page in pages:
            assert page.complaints() == []
