"""No assignment is better than the one found: compared with all possible ones (section 5)."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanpact.contract.compiled import Count
from spanpact.engine.assignment.least_cost import AssignmentProblem, AssignmentResult, assign
from tests.properties import examples

_counts = st.tuples(st.integers(0, 2), st.integers(0, 2) | st.none()).map(
    lambda pair: Count(pair[0], None if pair[1] is None else pair[0] + pair[1])
)


@st.composite
def problems(draw: st.DrawFn) -> AssignmentProblem:
    counts = draw(st.lists(_counts, min_size=1, max_size=3))
    costs = st.dictionaries(st.integers(0, len(counts) - 1), st.integers(0, 3), min_size=1)
    return AssignmentProblem(counts, draw(st.lists(costs, max_size=5)))


def cost_of(problem: AssignmentProblem, answer: AssignmentResult) -> tuple[int, int]:
    """Return the number of missing and surplus items, and of findings of the counted items."""
    wrong = sum(len(items) for items in answer.surplus)
    wrong += sum(max(0, c.low - len(items)) for c, items in zip(problem.counts, answer.counted, strict=True))
    return wrong, sum(problem.costs[i][e] for e, items in enumerate(answer.counted) for i in items)


def every_assignment(problem: AssignmentProblem) -> list[AssignmentResult]:
    entries = range(len(problem.counts))
    choices = [[(e, surplus) for e in costs for surplus in (False, True)] for costs in problem.costs]
    answers = []
    for choice in product(*choices):
        counted = [[i for i, c in enumerate(choice) if c == (e, False)] for e in entries]
        surplus = [[i for i, c in enumerate(choice) if c == (e, True)] for e in entries]
        if all(c.high is None or len(counted[e]) <= c.high for e, c in enumerate(problem.counts)):
            answers.append(AssignmentResult(counted, surplus))
    return answers


def ranked(problem: AssignmentProblem, answer: AssignmentResult) -> tuple[object, ...]:
    """Return what rules 1 to 3 compare: the cost, then for each place the items that it lacks, early ones first."""
    items = range(len(problem.costs))
    lacking = tuple(i not in place for place in (*answer.counted, *answer.surplus) for i in items)
    return (*cost_of(problem, answer), lacking)


@pytest.mark.unmeasured
@given(problems())
@settings(max_examples=examples(400))
def test_no_assignment_is_better(problem: AssignmentProblem) -> None:
    best = min(every_assignment(problem), key=lambda answer: ranked(problem, answer))
    assert assign(problem) == best


def test_the_gain_of_a_later_entry_never_outweighs_an_earlier_ones_loss() -> None:
    optional = Count(0, 1)
    problem = AssignmentProblem([optional] * 4, [{0: 0, 3: 0}, {0: 0, 1: 0}, {1: 0, 3: 0}])
    assert assign(problem).counted[0] == [0]


@given(problems())
@settings(deadline=None)
def test_every_item_has_exactly_one_place_that_selects_it(problem: AssignmentProblem) -> None:
    answer = assign(problem)
    places = [(i, e) for lists in (answer.counted, answer.surplus) for e, items in enumerate(lists) for i in items]
    assert sorted(i for i, _ in places) == list(range(len(problem.costs)))
    assert all(e in problem.costs[i] for i, e in places)


def test_equal_spans_go_earlier_ones_to_better_ranked_entries() -> None:
    answer = assign(AssignmentProblem([Count(1, 1), Count(1, 1)], [{0: 0, 1: 0}, {0: 0, 1: 0}, {0: 0, 1: 0}]))
    assert answer == AssignmentResult([[0], [1]], [[2], []])


def test_a_thousand_equal_siblings_are_shared_out_in_order() -> None:
    answer = assign(AssignmentProblem([Count(1, 500), Count(0, None)], [{0: 0, 1: 0}] * 1000))
    assert answer.counted == [list(range(500)), list(range(500, 1000))]
