"""The docs site in a browser: nothing comes from another host, its search finds, and it suits the dark and phones.

SPANPACT_SITE is the folder of a built site.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from integration.browser.opening import running_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE = {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True}
WIDER = "document.documentElement.scrollWidth > innerWidth"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing: the test's output is not about requests."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium without a window."""
    with running_browser(os.environ["SPANPACT_BROWSER"]) as browser:
        yield browser


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the site, and return its address."""
    handler = partial(_QuietHandler, directory=os.environ["SPANPACT_SITE"])
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def opened(browser: Browser, site: str, path: str, **options: Any) -> Iterator[Page]:
    """Open a page of the site. What it complains of, or asks of another host, fails the test."""
    context = browser.new_context(**options)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.extend([message.text] if message.type == "error" else []))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.extend([] if request.url.startswith(site) else [request.url]))
    page.goto(f"{site}/{path}")
    yield page
    context.close()
    assert complaints == []


def test_the_root_leads_to_the_index_by_reader(browser: Browser, site: str) -> None:
    with opened(browser, site, "") as page:
        page.wait_for_url("**/docs/index.html")
        captions = page.locator(".sidebar-tree .caption").all_inner_texts()
        assert [text.lower() for text in captions[:3]] == ["service engineer", "platform team", "dashboards team"]


@pytest.mark.parametrize(
    ("query", "title"),
    [("circuit breaker", "Tracing guide"), ("verify_spans", "API of spanpact.testing"), ("privacy-leak", "Findings")],
)
def test_the_search_finds_pages_and_names_of_the_api(query: str, title: str, browser: Browser, site: str) -> None:
    with opened(browser, site, "docs/index.html") as page:
        page.fill(".sidebar-search", query)
        page.press(".sidebar-search", "Enter")
        page.locator("#search-results li a", has_text=title).first.wait_for(timeout=10_000)


def test_the_site_is_dark_where_the_system_is_and_can_be_switched(browser: Browser, site: str) -> None:
    with opened(browser, site, "docs/tracing-guide.html") as page:
        light = page.evaluate(BACKGROUND)
    with opened(browser, site, "docs/tracing-guide.html", color_scheme="dark") as page:
        dark = page.evaluate(BACKGROUND)
        assert dark != light
        page.click(".content-icon-container .theme-toggle")
        assert page.evaluate(BACKGROUND) == light


@pytest.mark.timeout(120)
def test_no_page_is_wider_than_a_phone(browser: Browser, site: str) -> None:
    folder = Path(os.environ["SPANPACT_SITE"])
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("docs/**/*.html"))]
    assert len(paths) > 50
    with opened(browser, site, "README.html", **PHONE) as page:
        wide = [path for path in paths if page.goto(f"{site}/{path}") and page.evaluate(WIDER)]
    assert wide == []


def test_every_public_name_is_in_the_api(browser: Browser, site: str) -> None:
    import spanpact

    with opened(browser, site, "docs/api/spanpact.html") as page:
        documented = {text.split(".")[-1] for text in page.locator("dt.sig").evaluate_all("all => all.map(e => e.id)")}
    assert set(spanpact.__all__) - documented == {"__version__"}
