"""What pytest prints for a picture: a test of the tutorial's shop breaks its contract, with fixed times and ids."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

SHOWN: Final = ("pytest", "-q", "--spanpact-contracts", "checkout.contract.yaml")
COMMAND: Final = (*SHOWN, "-p", "spanpact.testing.pytest_plugin", "--color=yes")
"""Run in a folder of its own, without the other plugins that are installed here."""
ENVIRONMENT: Final = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"}
_FILES: Final = {
    "pytest.ini": "[pytest]\n",
    "shop.py": """
from opentelemetry import trace
from opentelemetry.trace import SpanKind

START = 1_767_225_600_000_000_000
tracer = trace.get_tracer("shop")


def check_out(email):
    request = tracer.start_span("POST /checkout", kind=SpanKind.SERVER, start_time=START)
    with trace.use_span(request):
        stock = tracer.start_span("stock.reserve", start_time=START + 100_000, attributes={"customer": email})
        stock.end(START + 1_300_000)
        charge = tracer.start_span("payment.charge", kind=SpanKind.CLIENT, start_time=START + 1_400_000)
        charge.set_attribute("payment.amount", "12.50")
        charge.end(START + 6_100_000)
    request.end(START + 6_400_000)
""",
    "test_shop.py": """
import pytest
from shop import check_out


@pytest.mark.contract("checkout")
def test_checkout():
    check_out("ada@example.com")
""",
}
_SECONDS: Final = re.compile(r"in \d+\.\d+s")


def write_project(folder: Path) -> None:
    """Write the shop and its test; the contract is there already."""
    for name, text in _FILES.items():
        (folder / name).write_text(text.lstrip(), encoding="utf-8")


def without_times(text: str) -> str:
    """Return pytest's output with the duration that differs in every run replaced."""
    return _SECONDS.sub("in 0.12s", text)
