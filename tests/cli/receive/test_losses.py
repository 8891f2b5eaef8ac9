"""What a receiver did not keep is told with its cause, so that the reader knows what to change."""

from __future__ import annotations

import pytest

from spanpact.errors import UsageError
from tests.cli.commands import CommandLine
from tests.cli.receive.running import KEPT, receiving


def test_requests_without_the_token_are_told_as_such(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANPACT_RECEIVER_TOKEN", "a-token")
    with receiving(cli.folder, cli.contract) as running:
        assert running.send(KEPT).status == 401
        running.headers["authorization"] = "Bearer a-token"
        text = running.stop().text
    assert "refused  1 request without the right token\n" in text
    assert "malformed" not in text
    assert f'-X POST -H "Authorization: Bearer TOKEN" {running.url}/stop' in cli.capture.readouterr().err


def test_a_collector_that_cannot_be_reached_is_told_as_such(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract, "--forward", "http://127.0.0.1:1") as running:
        assert running.send(KEPT).status == running.send(KEPT).status == 502
        text = running.stop().text
    assert "refused  2 requests that the collector refused or could not be reached for (--forward)\n" in text
    assert "malformed" not in text


@pytest.mark.parametrize(
    ("path", "content_type", "told"),
    [
        ("/", "application/json", "to a path or by a method that is not OTLP's: exporters add /v1/traces"),
        ("/api/v2/spans", "application/json", "to a path or by a method that is not OTLP's"),
        ("/v1/traces", "text/plain", "of another content type than OTLP's"),
    ],
)
def test_requests_of_other_protocols_are_told_as_such(
    cli: CommandLine, path: str, content_type: str, told: str
) -> None:
    with receiving(cli.folder, cli.contract) as running:
        assert running.ask("POST", path, KEPT, content_type=content_type).status in (404, 415)
        text = running.stop().text
    assert f"refused  1 request {told}" in text
    assert "malformed" not in text


def test_exports_to_a_session_that_ended_are_told_as_such(cli: CommandLine) -> None:
    with receiving(cli.folder, cli.contract) as running:
        running.send(KEPT, "/s/one/v1/traces")
        running.stop("?session=one")
        assert running.send(KEPT, "/s/one/v1/traces").status == 410
        running.send(KEPT)
        text = running.stop().text
    assert "refused  1 request that came after the stop of the receiver or of their session\n" in text
    assert "malformed" not in text


def test_a_full_disk_for_save_does_not_keep_the_report_away(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(path: str, data: bytes) -> None:
        raise UsageError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr("spanpact.cli.output.write_file", fill)
    with receiving(cli.folder, cli.contract, "--save", str(cli.folder / "saved.json")) as running:
        running.send(KEPT)
        answer = running.stop()
    assert (answer.status, running.end()) == (200, 2)
    printed = cli.capture.readouterr()
    assert printed.out == answer.text
    assert "No space left on device" in printed.err
