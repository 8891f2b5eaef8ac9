"""The corpus with one test a file: a test a case would cost pytest ten times what judging the cases costs."""

from __future__ import annotations

import pytest

from tests.engine.corpus_cases import CASES
from tests.engine.test_corpus import test_case as judge_case

PLACES = {case.file: [place for place, each in enumerate(CASES) if each.file == case.file] for case in CASES}


@pytest.mark.parametrize("file", PLACES)
def test_file(file: str) -> None:
    for place in PLACES[file]:
        judge_case(place)
