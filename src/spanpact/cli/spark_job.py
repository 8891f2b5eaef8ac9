"""The job for `spark-submit`: verify an archive against contracts, write the report and return the exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from spanpact.cli.arguments.judged_by import JudgedBy, add_judging_options, load_judged_by
from spanpact.cli.arguments.levels import with_levels_named
from spanpact.cli.arguments.options import Parser, add_source_option, add_verification_options
from spanpact.cli.arguments.scenario_labels import read_labels
from spanpact.cli.output import print_message
from spanpact.cli.reports import check_output_files, write_report
from spanpact.errors import SpanpactError, UsageError
from spanpact.findings import Report

_KIND = "parquet:"


def build_parser() -> Parser:
    """Return the parser of the job."""
    parser = Parser(
        "spark",
        "Verify an archive on Spark. Spark's own options go to spark-submit.",
        examples=[
            "python -m spanpact.cli.spark_job contracts/ --from parquet:archive",
            "spark-submit --master yarn spark_job.py contracts/ --from parquet:s3a://bucket/archive --output out.txt",
        ],
        usage="python -m spanpact.cli.spark_job [CONTRACTS...] --from parquet:FOLDER [options]",
    )
    parser.prog = "python -m spanpact.cli.spark_job"
    add_judging_options(parser)
    add_source_option(parser, "the archive: parquet:FOLDER, a path or URL that every machine of the cluster can read")
    parser.add_argument(
        "--partitions", type=_partitions, default=0, metavar="N",
        help="into how many partitions the traces are divided (default: one for a million spans, at least the cores)",
    )  # fmt: skip
    add_verification_options(parser, trees=False)
    return parser


def _partitions(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not int(text):
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a whole number up to 999999")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job (default: with `sys.argv`) and return its exit code."""
    try:
        given = build_parser().parse_intermixed_args(list(sys.argv[1:] if arguments is None else arguments))
        check_output_files(given)
        judged_by = load_judged_by(given)
        if judged_by.observer:
            raise UsageError("the pack instrumentation-score is not for Spark", hint="use spanpact verify")
        report = _verify(judged_by, given)
        write_report(with_levels_named(report, given), given, judged_by.plans)
    except SpanpactError as error:
        print_message(f"error: {error}")
        return error.exit_code
    return report.exit_code


def _verify(judged_by: JudgedBy, given: argparse.Namespace) -> Report:
    if len(given.sources) != 1 or not given.sources[0].startswith(_KIND) or given.sources[0] == _KIND:
        raise UsageError("no archive is given, or several", hint=f"accepted: --from {_KIND}FOLDER, once")
    labels = read_labels(given.scenarios) if given.scenarios else {}
    try:
        from pyspark.sql import SparkSession

        from spanpact.spark.tables import ArchiveTables
        from spanpact.spark.verify_spark import verify_on_spark
    except ImportError as error:
        raise UsageError(f"Spark needs the package {error.name}", hint="pip install 'spanpact[spark]'") from None
    session = SparkSession.builder.appName("spanpact").getOrCreate()
    try:
        return verify_on_spark(
            ArchiveTables(session, given.sources[0].removeprefix(_KIND)),
            judged_by.plans,
            judged_by.options(given, hold=False),
            scenarios=labels,
            offered=given.offered,
            partitions=given.partitions,
            list_flows="json" in (given.format, *given.format_files.values()),
        )
    finally:
        session.stop()


if __name__ == "__main__":
    sys.exit(main())
