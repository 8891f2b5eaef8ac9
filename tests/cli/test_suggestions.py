"""An error says what is there and what may have been meant: commands, options, values, files, sources."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.commands import CommandLine, one_line

ZIPKIN = [{"traceId": "a" * 32, "id": "b" * 16, "name": "get /cart", "timestamp": 1, "duration": 2}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verfy"], ["unknown command 'verfy'", "did you mean `verify`? accepted: verify, run"]),
        (["nonsense"], ["(accepted: verify, run"]),
        (["verify", "--srict", "x"], ["unknown option --srict (did you mean `--strict`? see spanpact verify --help)"]),
        (["verify", "--offred=3"], ["unknown option --offred (did you mean `--offered`?"]),
        (["lint", "--zzz", "x"], ["unknown option --zzz (see spanpact lint --help)"]),
        (["verify", "--wait", "1m"], ["--wait: cannot be '1m'; accepted: a number of seconds, such as 10"]),
        (["compare", "x"], ["unexpected argument 'x' (see spanpact compare --help)"]),
        (
            ["verify", "x", "--format", "jsn"],
            ["--format: unknown format 'jsn'; did you mean `json`? accepted: text, json"],
        ),
        (["run", "x", "--protocol", "htp/protobuf", "--", "true"], ["did you mean `http/protobuf`? accepted: "]),
        (["verify", "--pack", "integrty", "--from", "K"], ["did you mean `integrity`? accepted: genai"]),
        (["show", "jagger:http://x"], ["did you mean `jaeger:`? accepted"]),
        (["show", "http://x:16686"], ["name the store in front of its URL: jaeger:http://x:16686; accepted"]),
        (["verify", "C2"], ["there is no contract file", "(did you mean `session.contract.yaml`?)"]),
        (["verify", "jaeger:http://x"], ["source of traces, not a contract", "--from jaeger:http://x"]),
    ],
)
def test_what_may_have_been_meant_is_named(cli: CommandLine, arguments: list[str], words: list[str]) -> None:
    paths = {"K": cli.kept, "C2": f"{cli.folder}/sesion.contract.yml"}
    answer = cli(*(paths.get(each, each) for each in arguments))
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, words)


@pytest.mark.parametrize("command", ["verify", "lint", "diff", "run"])
@pytest.mark.parametrize("form", ["OTLP JSON", "Zipkin", "gzip"])
def test_file_of_traces_in_place_of_a_contract_is_named(cli: CommandLine, command: str, form: str) -> None:
    file = cli.kept
    if form == "Zipkin":
        file = cli.file("zipkin.json", json.dumps(ZIPKIN))
    elif form == "gzip":
        file = f"{cli.folder}/traces.gz"
        Path(file).write_bytes(gzip.compress(Path(cli.kept).read_bytes()))
    more = {"verify": ["--from", file], "lint": [], "diff": [cli.contract], "run": ["--", "true"]}[command]
    answer = cli(command, file, *more)
    assert (answer.code, answer.out) == (2, "")
    assert one_line(answer.err, [f"{file} holds traces (", "not a contract", f"--from {file}"])


def test_mistake_in_a_contract_is_still_told_as_one(cli: CommandLine) -> None:
    wrong = cli.file("wrong.contract.yaml", "spanpact: 1\ncontract: x\nversion: 1.0.0\nspan: a\nstatsu: ok\n")
    assert one_line(cli("verify", wrong).err, ["wrong.contract.yaml:5:1: unknown keyword `statsu`"])
    assert cli("lint", wrong).code == 2
