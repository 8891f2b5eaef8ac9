"""`spanpact_spans` and the marker `contract`, in pytest runs with a global tracer provider of their own."""

from __future__ import annotations

import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from spanpact.errors import UsageError
from spanpact.testing.capture import _TAPS, CapturedSpans, capture_spans
from tests.testing.test_pytest_plugin import CONTRACT, PLUGIN, QUIET

pytest_plugins = ["pytester"]

STRICT = CONTRACT.replace("contract: work", "contract: strict") + "status: error\n"
SHOP = """\
import random
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

tracer = trace.get_tracer("shop")  # taken before there is a provider

def work(tracer=tracer):
    with tracer.start_as_current_span("work"):
        pass

@pytest.fixture(autouse=True)
def reseeded():
    random.seed(1)  # as pytest-randomly does
"""


def run(pytester: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    """Run the tests in a process of its own, whose global provider they may set."""
    pytester._monkeypatch.setenv("COLUMNS", "200")  # the summary shows lines in full
    pytester.makefile(".contract.yaml", work=CONTRACT, strict=STRICT)
    pytester.makeini("[pytest]\nspanpact_contracts = work.contract.yaml strict.contract.yaml\n")
    pytester.makepyfile(SHOP + tests)
    return pytester.run(sys.executable, "-m", "pytest", "--strict-markers", *PLUGIN, *QUIET, *arguments)


def test_each_test_has_spans_of_its_own(pytester: pytest.Pytester) -> None:
    tests = """
left_open = []

def test_one(spanpact_spans, spanpact_verify):
    work()
    random.seed(1)
    work()
    left_open.append(tracer.start_span("left open"))
    assert len({each.context.span_id for each in spanpact_spans.get_finished_spans()}) == 2
    assert spanpact_verify("work.contract.yaml").results[0].flows == 2

def test_two(spanpact_spans, spanpact_verify):
    left_open[0].end()
    work()
    assert [each.name for each in spanpact_spans.get_finished_spans()] == ["work"]
    assert spanpact_verify("work.contract.yaml", spanpact_spans).verdict == "kept"

def test_without(spanpact_verify):
    work()
    with pytest.raises(Exception, match="no spans are given .pass an exporter, or take the fixture spanpact_spans"):
        spanpact_verify("work.contract.yaml")

def test_another_provider(spanpact_spans):
    other = TracerProvider()
    spanpact_spans.watch(other)
    work(other.get_tracer("x"))
    work(spanpact_spans.tracer())
    assert len(spanpact_spans) == 2
    spanpact_spans.clear()
    assert not spanpact_spans.get_finished_spans()
"""
    run(pytester, tests).assert_outcomes(passed=4)


def test_a_global_provider_of_the_program_is_watched(pytester: pytest.Pytester) -> None:
    tests = """
provider = TracerProvider()
trace.set_tracer_provider(provider)

@pytest.mark.parametrize("number", [1, 2, 3])
def test_view(number, spanpact_spans):
    work()
    assert len(spanpact_spans) == 1
    assert trace.get_tracer_provider() is provider is spanpact_spans.provider
    assert len(provider._active_span_processor._span_processors) == 1
"""
    run(pytester, tests).assert_outcomes(passed=3)


def test_marker_verifies_the_spans_of_a_test_that_passed(pytester: pytest.Pytester) -> None:
    tests = """
@pytest.mark.contract("work")
def test_kept():
    work()

@pytest.mark.contract("strict")
@pytest.mark.parametrize("number", [1, 2])
def test_broken(number):
    work()

@pytest.mark.contract("wrk")
def test_misspelt():
    work()

@pytest.mark.contract("work", alow_unseen=True)
def test_option():
    work()

@pytest.mark.contract("work.contract.yaml")
def test_silent():
    pass

@pytest.mark.contract("work")
def test_failed():
    assert not "its own reason"

@pytest.mark.contract("work", "strict", strict=True)
class TestClass:
    def test_of_a_class(self):
        work()

@pytest.mark.contract
def test_of_other_contracts():
    pass
"""
    result = run(pytester, tests)
    result.assert_outcomes(passed=2, failed=7)
    result.stdout.fnmatch_lines(
        [
            "FAILED *::test_broken[[]1] - Failed: broken: strict, top/status (1 finding)",
            "FAILED *::test_broken[[]2] - Failed: broken: strict, top/status (1 finding)",
            "FAILED *::test_misspelt - Failed: marker contract: there is no contract 'wrk' (did you mean work? *",
            "FAILED *::test_option - Failed: marker contract: unknown option 'alow_unseen' *",
            "FAILED *::test_silent - Failed: not checked: work, unseen",
            "FAILED *::test_failed - AssertionError: assert not 'its own reason'",
            "FAILED *::TestClass::test_of_a_class - Failed: broken: strict, top/status (1 finding)",
        ]
    )
    result.stdout.fnmatch_lines(["hint: no span arrived: does the code use the global tracer provider *"])
    assert "pluggy/" not in result.stdout.str()
    assert "another exception" not in result.stdout.str()


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")])
def test_coverage_of_all_tests_is_in_the_summary(workers: tuple[str, ...], pytester: pytest.Pytester) -> None:
    tests = """
@pytest.mark.contract("work")
@pytest.mark.parametrize("number", range(4))
def test_kept(number):
    work()

def test_unseen(spanpact_spans, spanpact_verify):
    work()
    spanpact_verify("work.contract.yaml", spanpact_spans)
"""
    result = run(pytester, tests, *workers, "-v")
    result.assert_outcomes(passed=5)
    table = [
        "coverage  exercised  vacuous  unseen",
        "  work * 3 * 0 * 0",
        "    exercised  top.kind *×5  work.contract.yaml:5:*",
    ]
    result.stdout.fnmatch_lines(["*= coverage of contracts =*", *table])


def test_coverage_is_not_in_the_summary_of_a_quiet_run(pytester: pytest.Pytester) -> None:
    tests = """
@pytest.mark.contract("work")
def test_kept():
    work()
"""
    result = run(pytester, tests, "-q")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*coverage of contracts*")


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> TracerProvider:
    """Set a global provider for the time of one test."""
    made = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", made)
    return made


def test_nothing_is_kept_after_a_capture(provider: TracerProvider) -> None:
    tracer = provider.get_tracer("shop")
    for _ in range(3):
        with capture_spans() as spans:
            open_span = tracer.start_span("work")
            assert repr(spans) == "<CapturedSpans 0 ended, 1 open>"
        open_span.end()
        tracer.start_span("later").end()
        assert not spans.get_finished_spans()
    assert _TAPS[provider].captures == ()
    assert len(provider._active_span_processor._span_processors) == 1


def test_captures_within_each_other_have_the_same_spans(provider: TracerProvider) -> None:
    with capture_spans() as outer, capture_spans() as inner:
        inner.watch(provider)
        provider.get_tracer("shop").start_span("work").end()
    assert len(outer) == len(inner) == 1


def test_spans_of_equal_ids_are_told_apart(provider: TracerProvider) -> None:
    class Same:
        def generate_span_id(self) -> int:
            return 1

        generate_trace_id = generate_span_id

        def is_trace_id_random(self) -> bool:
            return False

    tracer = TracerProvider(id_generator=Same(), shutdown_on_exit=False)  # type: ignore[arg-type]
    with capture_spans() as spans:
        spans.watch(tracer)
        for _ in range(2):
            with tracer.get_tracer("a").start_as_current_span("a"), tracer.get_tracer("a").start_as_current_span("b"):
                pass
    assert len(spans) == 4


def test_provider_without_processors_is_refused() -> None:
    with pytest.raises(UsageError, match="NoOpTracerProvider, which takes no span processor"):
        CapturedSpans(TracerProvider(shutdown_on_exit=False)).watch(trace.NoOpTracerProvider())  # type: ignore[arg-type]
