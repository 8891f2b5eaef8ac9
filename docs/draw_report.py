"""Draw the pictures of the HTML report, as a browser shows the report of a made-up shop.

`nox -s browser -- --write-docs` draws them again. The traces are those of the tests in a browser.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from integration.browser.opening import Opened, opened_page, page_of, running_browser
from integration.browser.shop import CONTRACTS, judged_shop

FOLDER: Final = Path(__file__).parent / "pictures"
TRACE_URL: Final = "https://jaeger.example/trace/{trace_id}"
_DESK: Final[Mapping[str, Any]] = {"viewport": {"width": 1280, "height": 760}}
_PHONE: Final[Mapping[str, Any]] = {"viewport": {"width": 390, "height": 760}, "is_mobile": True, "has_touch": True}
PICTURES: Final[Mapping[str, tuple[bool, Mapping[str, Any]]]] = {
    "report-light": (False, _DESK),
    "report-trace-light": (True, _DESK),
    "report-trace-dark": (True, {**_DESK, "color_scheme": "dark"}),
    "report-phone": (False, {**_PHONE, "device_scale_factor": 1.5}),
    "report-trace-phone": (True, {**_PHONE, "device_scale_factor": 1.5}),
}
"""The pictures by the name of their file: whether a trace is open, and the options of the browser."""
_FINDING: Final = "lookup/attribute-value"


def main() -> None:
    """Draw every picture into its file."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, text in CONTRACTS.items():
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(text, encoding="utf-8")
        report = Path(folder) / "report.html"
        report.write_text(page_of(judged_shop(), trace_url=TRACE_URL), encoding="utf-8")
        with running_browser(os.environ["SPANPACT_BROWSER"]) as browser:
            for name, (with_trace, options) in PICTURES.items():
                with opened_page(browser, report, **options) as opened:
                    _draw(opened, with_trace, FOLDER / f"{name}.png")


def _draw(opened: Opened, with_trace: bool, file: Path) -> None:
    if with_trace:
        opened.page.click(f"text={_FINDING}")
        opened.page.click(f".kind:has-text('{_FINDING}') .places a")
    opened.page.screenshot(path=file)


if __name__ == "__main__":
    main()
