"""The command line of the job for Spark, as far as it goes without Spark."""

from __future__ import annotations

import sys

import pytest

from spanpact.cli import spark_job
from spanpact.contract.shipped import shipped_contracts

CONTRACTS = str(shipped_contracts())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no archive is given, or several (accepted: --from parquet:FOLDER, once)"),
        (["--from", "traces.json"], "no archive is given, or several"),
        (["--from", "parquet:a", "--from", "parquet:b"], "no archive is given, or several"),
        (["--from", "parquet:a", "--partitions", "none"], "cannot be 'none'; accepted: a whole number up to 999999"),
        (["--from", "parquet:a", "--pack", "instrumentation-score"], "use spanpact verify"),
    ],
)
def test_wrong_usage_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert spark_job.main([CONTRACTS, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_without_spark_the_extra_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    assert spark_job.main([CONTRACTS, "--from", "parquet:archive"]) == 2
    assert "pip install 'spanpact[spark]'" in capsys.readouterr().err
