"""Run a receiver and judge what arrives, until a signal, the time or the first verdict ends it."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Final

import msgspec

from spanpact.cli.arguments.judged_by import JudgedBy, load_judged_by
from spanpact.cli.arguments.levels import with_levels_named
from spanpact.cli.arguments.scenario_labels import read_labels
from spanpact.cli.commands.listen.contract_watch import ContractWatch
from spanpact.cli.commands.listen.display import Display, display_for
from spanpact.cli.commands.listen.intake import Rate, ReceiverIntake
from spanpact.cli.commands.receive.control import answer_health
from spanpact.cli.commands.receive.options import check_addresses, receiver_access, upstream
from spanpact.cli.output import print_message, write_file
from spanpact.cli.reports import check_output_files, text_options, write_report
from spanpact.cli.running.stopping import stopping_by_signals
from spanpact.errors import SpanpactError
from spanpact.listening import Event, Listener, ListenerLimits, Notice, Settled
from spanpact.reporting.live.frame import LiveView
from spanpact.reporting.text_options import counted
from spanpact.sources import OtlpReceiver
from spanpact.sources.receiver import ReceiverOptions

_GRACE_SECONDS: Final = 5.0
_TICK_SECONDS: Final = 0.1
_JUDGE_SECONDS: Final = 0.3  # then the display has its turn
_DRAW_SECONDS: Final = 0.25
_WATCH_SECONDS: Final = 0.5
# The port differs in every run: without it, two reports on the same traces are equal.
_SOURCE_NAME: Final = "OTLP receiver"


def listen(given: argparse.Namespace) -> int:
    """Listen until it is ended, write the report and return its exit code."""
    check_addresses(given)
    check_output_files(given, given.url_file)
    judged_by = load_judged_by(given)
    if given.scenarios:
        read_labels(given.scenarios)  # a mistake is an error before anything was received
    stops: SimpleQueue[None] = SimpleQueue()  # handlers of signals may use it, unlike an event
    receiver = _receiver(given)
    with stopping_by_signals(stops), receiver:
        service = _Service(given, receiver, judged_by)
        grpc = f" and OTLP/gRPC at {receiver.grpc_url}" if receiver.grpc_url else ""
        print_message(f"listening for OTLP/HTTP at {receiver.url}{grpc}; Ctrl-C ends it with the verdict")
        if given.url_file:
            write_file(given.url_file, f"{receiver.url}\n".encode())
        display = display_for(text_options(given, judged_by.plans), events_beside_report=given.format in (None, "text"))
        try:
            service.run(stops, display)
            receiver.refuse_exports(grace_seconds=_GRACE_SECONDS)
            service.finish(display)
        finally:
            display.close()
    report = with_levels_named(service.listener.report(service.intake.losses()), given)
    write_report(report, given, service.judged_by.plans)
    return report.exit_code


def _receiver(given: argparse.Namespace) -> OtlpReceiver:
    grpc = given.listen_grpc
    return OtlpReceiver(
        host=given.listen.host,
        port=given.listen.port,
        offered=given.offered,
        grpc=grpc is not None,
        grpc_host=grpc.host if grpc else "",
        grpc_port=grpc.port if grpc else 0,
        options=ReceiverOptions(
            receiver_access(given, os.environ), upstream=upstream(given, os.environ), control=answer_health
        ),
    )


class _Service:
    """One run: what arrives goes to the listener, what happens there to the display."""

    def __init__(self, given: argparse.Namespace, receiver: OtlpReceiver, judged_by: JudgedBy) -> None:
        self._given, self._receiver, self.judged_by = given, receiver, judged_by
        self.listener = Listener(
            judged_by.plans,
            judged_by.options(given, hold=False),
            msgspec.structs.replace(receiver.info, name=_SOURCE_NAME),
            ListenerLimits(given.settle, given.late, given.max_spans),
            offered=given.offered,
        )
        self.intake = ReceiverIntake(receiver)
        self._watch = ContractWatch(given.contracts)
        self._labels: tuple[int, int, int] | None = None
        self._problem = ""
        self._begun = time.monotonic()
        self._looked = self._begun
        self._drawn = 0.0
        self._spans, self._traces = Rate(self._begun), Rate(self._begun)

    def run(self, stops: SimpleQueue[None], display: Display) -> None:
        """Judge and show what arrives until something ends it."""
        deadline = None if self._given.duration is None else self._begun + self._given.duration
        while not _stopped(stops, _TICK_SECONDS):
            now = time.monotonic()
            self._judge_some(display, now)
            if now - self._looked >= _WATCH_SECONDS:
                self._looked = now
                display.show(list(self._reload()))
            if now - self._drawn >= _DRAW_SECONDS:
                self._drawn = now
                display.refresh(self._view)
            if (deadline is not None and now >= deadline) or (self._given.once and self._has_verdict()):
                return

    def _judge_some(self, display: Display, now: float) -> None:
        self._read_labels()
        display.show(list(self.intake.hand_over(self.listener, now)))
        until = now + _JUDGE_SECONDS
        for event in self.listener.judge(now):
            display.show([event])
            if time.monotonic() >= until:
                return

    def finish(self, display: Display) -> None:
        """Judge everything that is there, as complete."""
        now = time.monotonic()
        self._read_labels()
        display.show(list(self._reload()))
        display.show(list(self.intake.hand_over(self.listener, now)))
        for event in self.listener.judge(now, everything=True):
            display.show([event])

    def _read_labels(self) -> None:
        """Read the labels of traces again if their file has changed."""
        if not self._given.scenarios:
            return
        with contextlib.suppress(OSError, SpanpactError):  # it may be half written; the labels before stay
            status = os.stat(self._given.scenarios)
            state = status.st_mtime_ns, status.st_size, status.st_ino
            if state != self._labels:
                self.listener.scenarios = read_labels(self._given.scenarios)
                self._labels = state

    def _has_verdict(self) -> bool:
        """Return whether everything has settled, and a contract had a flow."""
        return not self.listener.growing and any(each.flows for each in self.listener.totals.contracts.values())

    def _reload(self) -> Iterator[Event]:
        """Load contracts that have changed; where they are wrong, those before stay."""
        if not self._watch.has_changed():
            return
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # notes on other files were shown at the start
                judged_by = load_judged_by(self._given)
        except SpanpactError as error:
            self._problem = f"{error}; the contracts before stay"
            yield Notice("error", self._problem)
            return
        self.judged_by, self._problem = judged_by, ""
        yield Notice("reloaded", counted(len(judged_by.plans), "contract"))
        yield from self.listener.replace_contracts(judged_by.plans, judged_by.options(self._given, hold=False))

    def _view(self, latest: Sequence[Event]) -> LiveView:
        now, listener = time.monotonic(), self.listener
        return LiveView(
            self._receiver.url,
            self._receiver.grpc_url,
            now - self._begun,
            listener.totals,
            listener.growing,
            self._spans.per_second(now, self.intake.spans),
            self._traces.per_second(now, listener.totals.traces),
            listener.too_late,
            self.intake.losses(),
            self._problem,
            [event for event in latest if isinstance(event, Settled) or event.kind != "lost"],
        )


def _stopped(stops: SimpleQueue[None], seconds: float) -> bool:
    """Wait for so long, or until a signal came. Return whether one did."""
    try:
        stops.get(timeout=seconds)
    except Empty:
        return False
    return True
