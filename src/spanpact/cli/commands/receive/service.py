"""Run a receiver until a request or a signal stops it, then judge what it acknowledged."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from functools import partial
from queue import SimpleQueue
from typing import Final

from spanpact.cli.arguments.judged_by import JudgedBy, load_judged_by
from spanpact.cli.arguments.scenario_labels import read_labels
from spanpact.cli.commands.receive.control import Control, describe
from spanpact.cli.commands.receive.options import check_addresses, injected_faults, receiver_access, upstream
from spanpact.cli.commands.receive.session_reports import JudgedSessions, SessionReports
from spanpact.cli.output import print_message, save_file, write_file
from spanpact.cli.reports import check_output_files, text_options, write_rendered
from spanpact.cli.running.stopping import stopping_by_signals
from spanpact.errors import UsageError
from spanpact.sources import OtlpReceiver, ReceiverLimits, encode_traces_json
from spanpact.sources.receiver import ReceiverOptions
from spanpact.sources.receiver.access import Access

_GRACE_SECONDS: Final = 5.0


def serve(given: argparse.Namespace) -> int:
    """Receive until stopped, write the report and return its exit code."""
    check_addresses(given)
    check_output_files(given, given.save, given.url_file)
    judged_by = load_judged_by(given)
    if given.scenarios:
        read_labels(given.scenarios)  # a mistake is told before anything was received
    stops: SimpleQueue[None] = SimpleQueue()  # handlers of signals may use it, unlike an event
    access = receiver_access(given, os.environ)
    control = Control(
        access,
        given.format or "text",
        text_options(given, judged_by.plans),
        partial(stops.put, None),
    )
    receiver = _receiver(given, access, control)
    reports = control.reports = SessionReports(receiver, judged_by, given)
    with stopping_by_signals(stops), receiver:
        print_message(describe(receiver.url, receiver.grpc_url, token=bool(access.token)))
        if given.url_file:
            write_file(given.url_file, f"{receiver.url}\n".encode())
        stops.get()
        receiver.refuse_exports(grace_seconds=_GRACE_SECONDS)
        judged = _judge(reports, control)
        not_written = list(_not_written(given, judged, judged_by, reports))
        control.final.set_result(judged)
        receiver.stop()  # it answers those who wait for the report: they may use the files at once
        if given.output == "-":
            _write(given, judged, judged_by)
    for error in not_written:  # told after the report, which is the only document on standard output
        print_message(f"error: {error}")
    return not_written[0].exit_code if not_written else judged.exit_code


def _receiver(given: argparse.Namespace, access: Access, control: Control) -> OtlpReceiver:
    grpc = given.listen_grpc
    return OtlpReceiver(
        host=given.listen.host,
        port=given.listen.port,
        offered=given.offered,
        limits=ReceiverLimits(spans=given.max_spans, logs=given.max_spans),
        grpc=grpc is not None,
        grpc_host=grpc.host if grpc else "",
        grpc_port=grpc.port if grpc else 0,
        options=ReceiverOptions(access, injected_faults(given), upstream(given, os.environ), control),
    )


def _judge(reports: SessionReports, control: Control) -> JudgedSessions:
    """Judge everything. Where that fails, tell those who wait for the report."""
    try:
        return reports.all()
    except BaseException as error:
        control.final.set_exception(error)
        raise


def _not_written(
    given: argparse.Namespace, judged: JudgedSessions, judged_by: JudgedBy, reports: SessionReports
) -> Iterator[UsageError]:
    """Write the files of `--save` and `--output`, and yield the error of each that cannot be written."""
    if given.save and (error := save_file(given.save, lambda: encode_traces_json(reports.everything()))):
        yield error
    if given.output != "-":
        try:
            _write(given, judged, judged_by)
        except UsageError as error:
            yield error


def _write(given: argparse.Namespace, judged: JudgedSessions, judged_by: JudgedBy) -> None:
    options = text_options(given, judged_by.plans)
    write_rendered(
        given,
        options,
        render=judged.render,
        summary=judged.summary,
    )
