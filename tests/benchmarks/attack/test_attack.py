"""A short attack breaks no promise, and what would break one is found and shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.attack.__main__ import main
from benchmarks.attack.assistant import AskedAssistant, hostile_messages, measure_assistant
from benchmarks.attack.attackers import Attacked
from benchmarks.attack.client import Answers
from benchmarks.attack.receivers import COMMANDS, Measured, measure_receiver
from benchmarks.attack.table import BEGIN, END, PAGE, render_table, write_page

ANSWERS = Answers(100, {}, 1.0, 50.0, 60.0, 1.0)
SOUND = Measured(
    "receive", 60, ANSWERS, ANSWERS, Attacked(10_000, 1, {"bomb": {"413": 2}}), 20_000, True, 40, 90, 91
)  # fmt: skip
ASKED = AskedAssistant({"nested": 3.0, "long": 70.0}, (), 70, 90, "")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_receiver_keeps_its_promises(command: str) -> None:
    measured = measure_receiver(command, 2, [])
    assert measured.wrong == []
    assert measured.answers.requests == 200
    assert measured.attacked.dropped > 100
    assert set(measured.attacked.answers["zstd bomb"]) == {"415"}
    assert {*measured.attacked.answers["gzip bomb"], *measured.attacked.answers["nested, gzip"]} == {"413"}


@pytest.mark.timeout(180)
def test_the_server_for_assistants_answers_after_every_message() -> None:
    asked = measure_assistant()
    assert asked.wrong == []
    assert asked.took_ms.keys() == hostile_messages().keys()


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"answers": Answers(100, {"503": 2}, 1, 2, 3, 1)}, "refused to the client: {'503': 2}"),
        ({"judged": 19_999}, "19,999 of 20,000 spans were judged"),
        ({"most_mib": 100}, "the memory grew from 90 to 100 MiB"),
        ({"only_loopback": False}, "it listens on all addresses without being asked to"),
        ({"attacked": Attacked(1, 1, {"bomb": {"200": 1, "413": 1}})}, "hostile bodies were answered ['200', '413']"),
        ({"attacked": Attacked(1, 1, {"bomb": {"TimeoutError": 1}})}, "hostile bodies were answered ['TimeoutError']"),
    ],
)
def test_a_broken_promise_is_found(changed: dict[str, Any], wrong: str) -> None:
    assert SOUND.wrong == []
    assert replace(SOUND, **changed).wrong == [wrong]


def test_silence_and_standard_error_of_the_server_for_assistants_are_found() -> None:
    assert ASKED.wrong == []
    assert replace(ASKED, silent=("nested",), stderr="Traceback").wrong == [
        "standard error has 'Traceback'",
        "no answer after nested",
    ]


def test_the_table_has_a_column_for_each_receiver_and_says_what_is_wrong() -> None:
    table = render_table([SOUND, replace(SOUND, command="listen", judged=1)], ASKED)
    lines = table.splitlines()
    assert lines[0] == "| | `spanpact receive` | `spanpact listen` |"
    assert "| spans sent, judged | 20,000, 20,000 | 20,000, 1 |" in lines
    assert "| P99 <= 100 ms | met | met |" in lines
    assert "at most 70 ms after both were sent (long)" in table
    assert lines[-1] == "**Not held:** `listen`: 1 of 20,000 spans were judged."
    slow = replace(SOUND, answers=Answers(100, {}, 1.0, 500.0, 600.0, 1.0))
    assert "| P99 <= 100 ms | missed |" in render_table([slow], None)


def test_the_page_gets_the_table_with_the_machine(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_page("the table", page)
    assert page.read_text().startswith(f"before\n{BEGIN}\nthe table\n\nRun of ")
    assert page.read_text().endswith(f"{END}\nafter\n")


def test_the_docs_have_a_whole_attack() -> None:
    part = PAGE.read_text().partition(f"{BEGIN}\n")[2].partition(f"{END}\n")[0]
    assert "`spanpact receive` | `spanpact listen`" in part
    assert "| 6,000, 0 | 6,000, 0 |" in part
    assert "All promises were kept." in part


@pytest.mark.parametrize("arguments", [["nothing"], ["--seconds", "0"]])
def test_wrong_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
    assert "accepted: " in capsys.readouterr().err
