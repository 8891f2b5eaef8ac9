#!/bin/sh
# ClickHouse's JSON type changes texts that look like a date with a time.
#
# Libraries: chdb 4.4.0, which is ClickHouse 26.9 as a library.
# Behaviour: the text 2026-01-01T00:00:00.5+02:00 in a column of the type JSON comes back as
#   2025-12-31 22:00:00.500000000: in another form, and in UTC. So does every attribute of a span in the tables that the
#   collector's clickhouse exporter makes with `json: true`.
# Why it matters: what was sent cannot be found by its text, compared with a log, or matched by a pattern, and its time
#   zone is lost. With input_format_try_infer_datetimes=0 the text is kept.
# Seen on 2026-11-29:
#   as set: 2025-12-31 22:00:00.500000000
#   input_format_try_infer_datetimes=0: 2026-01-01T00:00:00.5+02:00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet chdb==4.4.0 || exit 2
cat > dates.py <<'END'
from chdb.session import Session

SENT = "2026-01-01T00:00:00.5+02:00"
session = Session()
session.query("CREATE DATABASE otel")
session.query("CREATE TABLE otel.spans (SpanAttributes JSON) ENGINE = MergeTree ORDER BY tuple()")
came = []
for settings in ("", "SETTINGS input_format_try_infer_datetimes = 0"):
    session.query("TRUNCATE TABLE otel.spans")
    session.query(f"""INSERT INTO otel.spans {settings} VALUES ('{{"order.due": "{SENT}"}}')""")
    came.append(str(session.query("SELECT SpanAttributes.order.due FROM otel.spans", "TSVRaw")).strip())
print("as set:", came[0])
print("input_format_try_infer_datetimes=0:", came[1])
raise SystemExit(came != ["2025-12-31 22:00:00.500000000", SENT])
END
environment/bin/python dates.py
