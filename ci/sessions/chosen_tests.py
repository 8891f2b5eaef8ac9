"""The tests that sessions choose."""

from __future__ import annotations

# What only the core calls: `unit` runs without it, so `core` measures its branches.
NATIVE = "src/spanpact/verification/native/*"
# What runs where Spark is, in the session `spark`.
ON_SPARK = "src/spanpact/spark/*"
# With the core, these say what they say without it.
CORE_TESTS = (
    "tests/verification/native",
    "tests/broken_implementations/test_broken_in_files.py",
    "tests/verification/test_streaming.py",
    "tests/verification/test_streaming_logs.py",
    "tests/verification/test_receiving.py",
    "tests/verification/cache/test_cache_check.py",
    "tests/verification/test_same_verdict.py",
    "tests/verification/test_same_verdict_of_formats.py",
    "tests/verification/documents/test_link_targets.py",
    "tests/verification/test_lost_context.py",
    "tests/verification/shapes/test_aggregate_shapes.py",
)
# What Pythons and versions of dependencies may break: reading, decoding, receiving, judging, reporting, the plug-ins.
VERSION_TESTS = (
    *("tests/contract", "tests/engine", "tests/mcp_server", "tests/otlp", "tests/privacy", "tests/reporting"),
    *("tests/sources", "tests/test_settings.py", "tests/testing", "tests/trace"),
    *("tests/verification/test_receiving.py", "tests/verification/test_waiting.py"),
)
VERSION_MARKERS = ("-m", "not (expensive or hypothesis or unmeasured)")
# Left out with the lowest versions: these need tools that are not in LOWEST, or log records with event names from an
# SDK, which it cannot send with an opentelemetry-proto before 1.35 (without an SDK: tests/otlp/test_older_protobuf.py).
NOT_WITH_LOWEST = (
    "--ignore=tests/reporting/formats/test_junit.py",
    "--ignore=tests/reporting/formats/test_sarif.py",
    "--deselect=tests/otlp/test_protobuf_decoding.py::test_log_records_of_the_sdk_arrive_as_they_are_in_memory",
    "--deselect=tests/sources/receiver/test_otlp_receiver.py::test_log_records_arrive_with_their_trace",
    "--deselect=tests/sources/files/test_otlp_messages.py::test_messages_of_other_signals_may_be_among_them",
)
