#!/bin/sh
# Spark fails on unsigned 64-bit Parquet columns that are read as bigint, once they have a dictionary.
#
# Libraries: PySpark 4.3.0, PyArrow 26.0.1.
# Behaviour: a column of UINT_64 may be read with a schema that says bigint: with plain values it works. With dictionary
#   encoding, which every writer uses for values that repeat, the reader of batches raises
#   java.lang.UnsupportedOperationException: ...PlainValuesDictionary$PlainLongDictionary. The reader of rows
#   (spark.sql.parquet.enableVectorizedReader=false) reads both.
# Why it matters: ids of spans and traces are unsigned integers of 64 bits. As decimal(20, 0), which Spark takes without a
#   schema, each id becomes an object; as bigint the job works in a test with few rows, and fails on real files.
# Seen on 2026-11-30:
#   batches, plain: read
#   batches, dictionary: java.lang.UnsupportedOperationException
#   rows, plain: read
#   rows, dictionary: read
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet pyspark==4.3.0 pyarrow==26.0.1 || exit 2
cat > read.py <<'END'
import os

import pyarrow as pa
import pyarrow.parquet as pq

os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
from pyspark.sql import SparkSession

session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
session.sparkContext.setLogLevel("OFF")
ids = pa.table({"id": pa.array([1, 2, 2**64 - 1] * 100, pa.uint64())})
came = []
for reader, vectorized in (("batches", "true"), ("rows", "false")):
    session.conf.set("spark.sql.parquet.enableVectorizedReader", vectorized)
    for encoding, dictionary in (("plain", False), ("dictionary", True)):
        pq.write_table(ids, f"{encoding}.parquet", use_dictionary=dictionary)
        try:
            rows = session.read.schema("id bigint").parquet(f"{encoding}.parquet").collect()
            found = "read" if [row[0] for row in rows[:3]] == [1, 2, -1] else str(rows[:3])
        except Exception as error:
            name = "java.lang.UnsupportedOperationException"
            found = name if name in str(error) else type(error).__name__
        came.append((reader, encoding, found))
        print(f"{reader}, {encoding}: {found}")
session.stop()
raise SystemExit(came[1][2] != "java.lang.UnsupportedOperationException")
END
environment/bin/python read.py
