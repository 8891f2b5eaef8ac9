"""docs/record.md shows exactly the contract that is recorded, and its condition holds for the traces."""

from __future__ import annotations

import re
import textwrap

from spanpact.contract.loader import load_text
from spanpact.recording import Recorded, record
from spanpact.verification.verifying import verify
from tests.docs.pages import page
from tests.recording.shop_traces import SHOP

RECORDED = record(Recorded(SHOP), "POST /checkout", schema="contract.schema.json")


def test_the_page_shows_what_is_recorded() -> None:
    assert f"```yaml\n{RECORDED.text}```\n" in page("record.md")


def test_the_condition_of_the_page_is_kept_by_the_traces() -> None:
    (condition,) = re.findall(r"^ {3}```yaml\n(.*?)^ {3}```$", page("record.md"), re.MULTILINE | re.DOTALL)
    report = verify([load_text(RECORDED.text + textwrap.dedent(condition))], SHOP)
    assert report.verdict == "kept"
    assert any((each.entry, each.state) == ("missed", "exercised") for each in report.results[0].coverage)
