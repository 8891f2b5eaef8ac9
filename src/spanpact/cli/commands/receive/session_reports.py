"""Judge the sessions of a receiver, and render their reports."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from spanpact.cli.arguments.judged_by import JudgedBy
from spanpact.cli.arguments.levels import level_rows
from spanpact.cli.arguments.scenario_labels import read_labels
from spanpact.cli.commands.receive.one_report import one_report, without_traces
from spanpact.cli.losses import Header, lost
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.reporting import TextOptions, render_json, render_text, render_traces, summary_line
from spanpact.reporting.formats import render_report
from spanpact.reporting.json_document import escape_in_json
from spanpact.sources import OtlpReceiver
from spanpact.sources.merging import merged
from spanpact.sources.receiver.intake.received_traffic import ALL_GROW, NOTHING_GROWS, ReceivedTraffic
from spanpact.trace.model import Reading
from spanpact.verification.receiving import verify_received

# The port differs in every run: without it, two reports on the same traces are equal.
_SOURCE_NAME: Final = "OTLP receiver"
_VERDICTS: Final[Mapping[int, str]] = {0: "kept", 1: "broken", 3: "not checked"}


@dataclass(frozen=True, slots=True)
class EndedSession:
    """What is kept of a session that has ended: exit code and summary of its report, and the report without traces."""

    exit_code: int
    summary: str
    report: Report


@dataclass(frozen=True, slots=True)
class JudgedSessions:
    """The reports on sessions by their names, "" for what has none, and what is kept of those that ended before."""

    reports: Mapping[str, Report]
    ended: Mapping[str, EndedSession]
    trees: bool = False

    @property
    def exit_code(self) -> int:
        """Return the exit code of all: broken if one is, else could not verify if one is."""
        return 1 if 1 in self._codes else max(self._codes)

    @property
    def _codes(self) -> Sequence[int]:
        return [each.exit_code for each in self.ended.values()] + [each.exit_code for each in self.reports.values()]

    @property
    def _only(self) -> Report | None:
        """Return the report where there is one session, None where there are several."""
        return next(iter(self.reports.values())) if len(self.reports) == 1 and not self.ended else None

    def render(self, name: str, options: TextOptions) -> str:
        """Return the reports in the format of this name, as one document."""
        if name != "text" and self._only:
            return render_report(name, self._only, options)
        if name == "json":
            return self._as_json()
        if name != "text":
            ended_reports = {session: each.report for session, each in self.ended.items()}
            return render_report(name, one_report({**ended_reports, **self.reports}), options)
        ended = [f"session {name} has ended: {each.summary}\n" for name, each in self.ended.items()]
        texts = [*ended, *(self._as_text(report, options) for report in self.reports.values())]
        return "\n".join([*texts, f"{self.summary(options)}\n"] if len(texts) > 1 else texts)

    def summary(self, options: TextOptions) -> str:
        """Return one line: the last one of the only report, or the number of sessions by verdict."""
        if self._only:
            return summary_line(self._only, options)
        codes = self._codes
        counted = ", ".join(f"{codes.count(code)} {word}" for code, word in _VERDICTS.items() if code in codes)
        return f"{_VERDICTS[self.exit_code]}: {len(codes)} sessions, {counted}"

    def _as_text(self, report: Report, options: TextOptions) -> str:
        text = render_text(report, options)
        if not self.trees or report.reading is None:
            return text
        return f"{render_traces(report.reading, options, fold=True)}\n{text}"

    def _as_json(self) -> str:
        sessions: dict[str, object] = {
            name: {"exit_code": each.exit_code, "summary": each.summary} for name, each in self.ended.items()
        }
        sessions |= {name: msgspec.Raw(render_json(report).encode()) for name, report in self.reports.items()}
        document = {"spanpact_sessions": 1, "exit_code": self.exit_code, "sessions": sessions}
        return escape_in_json(msgspec.json.encode(document).decode()) + "\n"


class SessionReports:
    """The reports on the sessions of one receiver. Any thread may call every method; one report is made at a time."""

    def __init__(self, receiver: OtlpReceiver, judged_by: JudgedBy, given: argparse.Namespace) -> None:
        self._receiver, self._judged_by, self._given = receiver, judged_by, given
        self._compiled = [CompiledContract.of(plan) for plan in judged_by.plans]
        self._lock = threading.Lock()
        self._ended: dict[str, EndedSession] = {}
        self._to_save: list[ReceivedTraffic] = []

    def so_far(self, session: str) -> JudgedSessions:
        """Return the report on a session as it is now, or on all sessions.

        A trace is complete if nothing came to it for `--settle` seconds.
        """
        since = time.monotonic() - self._given.settle
        if not session:
            return self.all(since)
        with self._lock:
            self._raise_if_ended(session)
            traffic = self._receiver.sessions.find(session) or ReceivedTraffic(session)
            return self._judged([traffic], {}, since)

    def end(self, session: str) -> JudgedSessions:
        """End a session and return the report on it. Raise KeyError where it has ended before."""
        with self._lock:
            self._raise_if_ended(session)
            traffic = self._receiver.sessions.end(session)
            judged = self._judged([traffic], {}, NOTHING_GROWS)
            self._ended[session] = EndedSession(
                judged.exit_code, judged.summary(TextOptions()), without_traces(judged.reports[session])
            )
            if self._given.save:
                self._to_save.append(traffic)
            else:
                traffic.close()
            return judged

    def _raise_if_ended(self, session: str) -> None:
        if session in self._ended:
            raise KeyError(session)

    def all(self, growing_since: float = NOTHING_GROWS) -> JudgedSessions:
        """Return the reports on all sessions; what has no session is among them if something came, or nothing did."""
        with self._lock:
            sessions = [each for each in self._receiver.sessions if each.spans or each.logs]
            if not sessions and not self._ended:
                sessions = [self._receiver.sessions.default]
            return self._judged(sessions, dict(self._ended), growing_since)

    def everything(self) -> Reading:
        """Return all traces of all sessions, those that have ended included, for `--save`."""
        sessions = [*self._to_save, *self._receiver.sessions]
        return merged([self._receiver.reading(each, NOTHING_GROWS) for each in sessions])

    def _judged(
        self, sessions: Sequence[ReceivedTraffic], ended: Mapping[str, EndedSession], growing_since: float
    ) -> JudgedSessions:
        if self._given.scenarios:  # tests may add labels while they run
            self._receiver.scenarios = read_labels(self._given.scenarios)
        reports = {each.name: self._judge(each, growing_since) for each in sessions}
        return JudgedSessions(reports, ended, self._given.trees)

    def _judge(self, traffic: ReceivedTraffic, growing_since: float) -> Report:
        """Return the report on one session. Traces of one that lacks spans for want of room are incomplete."""
        return verify_received(
            self._receiver,
            self._compiled,
            self._judged_by.options(self._given, hold=self._given.trees, header=self._header(traffic)),
            traffic=traffic,
            growing_since=ALL_GROW if traffic.dropped else growing_since,
            source_name=_SOURCE_NAME,
        )

    def _header(self, traffic: ReceivedTraffic) -> Header:
        named = [("session", traffic.name)] if traffic.name else []
        return [*named, *level_rows(self._given), *lost(replace(self._receiver.counts, dropped=traffic.dropped))]
