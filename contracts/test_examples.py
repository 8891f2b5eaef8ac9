"""Every shipped contract keeps its accepted traces and breaks its rejected ones with the listed findings."""

import pytest

from spanpact.conformance import verify_examples
from spanpact.contract.compiled import ContractPlan
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.reporting import render_text


@pytest.mark.parametrize("plan", load_contracts([shipped_contracts()]), ids=lambda plan: plan.name)
def test_examples_give_the_findings_that_they_list(plan: ContractPlan) -> None:
    report = verify_examples([plan])
    assert report.verdict == "kept", render_text(report)
