"""The options of `spanpact receive`, and what they mean for a receiver."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from spanpact.cli.arguments.judged_by import add_judging_options
from spanpact.cli.arguments.options import Parser, add_flag, add_tls_options, add_verification_options
from spanpact.errors import UsageError

if TYPE_CHECKING:
    from spanpact.sources.receiver.access import Access
    from spanpact.sources.receiver.intake.forwarding import Upstream
    from spanpact.sources.receiver.intake.injected_faults import InjectedFaults

TOKEN_VARIABLE: Final = "SPANPACT_RECEIVER_TOKEN"
"""The environment variable with the bearer token, where `--token-file` names none."""
FORWARD_HEADERS_VARIABLE: Final = "SPANPACT_FORWARD_HEADERS"
"""The environment variable with headers for the collector of `--forward`, as in `OTEL_EXPORTER_OTLP_HEADERS`."""
_DEFAULT_ADDRESS: Final = "127.0.0.1:4318"
_MOST_SPANS: Final = 2_000_000
_ADDRESS: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:]+)):([0-9]{1,5})")
_STATUS_AND_SHARE: Final = re.compile(r"([45][0-9]{2})(?::(.+))?")


class Address(NamedTuple):
    """A host and a port."""

    host: str
    port: int


def build_parser() -> Parser:
    """Return the parser of `spanpact receive`."""
    parser = Parser(
        "receive",
        "Receive traces by OTLP until stopped by POST /stop, TERM or Ctrl-C; then verify them.",
        examples=[
            "spanpact receive contracts/ --listen 127.0.0.1:4318 --output report.txt &",
            "spanpact receive contracts/ --listen-grpc 127.0.0.1:4317 --forward http://collector:4318",
        ],
    )
    add_judging_options(parser)
    add_address_options(parser)
    _add_fault_options(parser)
    add_forward_option(parser)
    parser.add_argument(
        "--settle", type=parse_seconds, default=5.0, metavar="SECONDS",
        help="in GET /report a trace counts as complete when nothing came to it for SECONDS (default: 5)",
    )  # fmt: skip
    parser.add_argument(
        "--max-spans", type=parse_number, default=_MOST_SPANS, metavar="N",
        help=f"keep at most N spans and N log records, further ones are dropped and counted (default: {_MOST_SPANS})",
    )  # fmt: skip
    parser.add_argument(
        "--save", metavar="FILE.json", help="keep the traces that arrived as an OTLP file (default: not kept)"
    )
    add_tls_options(parser)
    add_verification_options(parser)
    return parser


def add_address_options(parser: Parser) -> None:
    """Add the options that say where a receiver listens, and who may reach it."""
    parser.add_argument(
        "--listen", type=_address, default=_address(_DEFAULT_ADDRESS), metavar="HOST:PORT",
        help=f"the address for OTLP/HTTP; port 0 takes a free one (default: {_DEFAULT_ADDRESS})",
    )  # fmt: skip
    parser.add_argument(
        "--listen-grpc", type=_address, metavar="HOST:PORT",
        help="the address for OTLP/gRPC, such as 127.0.0.1:4317; needs the extra grpc (default: not accepted)",
    )  # fmt: skip
    add_flag(parser, "--allow-remote", "accept an address other than loopback (default: only this machine)")
    parser.add_argument(
        "--tls-cert", default="", metavar="FILE", help="serve over TLS with this certificate, PEM (default: no TLS)"
    )
    parser.add_argument(
        "--tls-key", default="", metavar="FILE",
        help="the private key of the certificate, PEM (default: in the file of --tls-cert)",
    )  # fmt: skip
    parser.add_argument(
        "--token-file", metavar="FILE",
        help=f"demand the bearer token in FILE of every request but /health (default: the one in {TOKEN_VARIABLE}, "
        "if it is set)",
    )  # fmt: skip
    parser.add_argument(
        "--url-file", metavar="FILE", help="write the URL for OTLP/HTTP to FILE once it listens (default: not written)"
    )


def add_forward_option(parser: Parser) -> None:
    """Add `--forward`."""
    parser.add_argument(
        "--forward", metavar="URL",
        help="pass every request on to the collector at this base URL of OTLP/HTTP, and acknowledge what it "
        f"acknowledges; headers for it are in {FORWARD_HEADERS_VARIABLE} (default: not forwarded)",
    )  # fmt: skip


def _add_fault_options(parser: Parser) -> None:
    parser.add_argument(
        "--delay",
        type=parse_seconds,
        default=0.0,
        metavar="SECONDS",
        help="answer each export SECONDS late (default: 0)",
    )
    parser.add_argument(
        "--refuse", type=_status_and_share, default=(503, 0.0), metavar="STATUS[:SHARE]",
        help="refuse this share of all exports with this HTTP status, such as 503:0.2 (default: none)",
    )  # fmt: skip
    parser.add_argument(
        "--partial", type=_share, default=0.0, metavar="SHARE",
        help="reject half of the spans in this share of the other exports, 0 to 1 (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--seed",
        type=parse_number,
        default=0,
        metavar="N",
        help="which exports --refuse and --partial choose (default: 0)",
    )


def receiver_access(given: argparse.Namespace, environ: Mapping[str, str]) -> Access:
    """Return who may reach the receiver. Raise UsageError for a token that cannot be read."""
    from spanpact.sources.receiver.access import Access

    return Access(given.allow_remote, _token(given.token_file, environ), given.tls_cert, given.tls_key)


def injected_faults(given: argparse.Namespace) -> InjectedFaults:
    """Return the faults to inject."""
    from spanpact.sources.receiver.intake.injected_faults import InjectedFaults

    status, share = given.refuse
    return InjectedFaults(given.delay, status, share, given.partial, given.seed)


def upstream(given: argparse.Namespace, environ: Mapping[str, str]) -> Upstream | None:
    """Return the collector of `--forward`. Raise UsageError for a URL, headers or TLS files that cannot be used."""
    if not given.forward:
        return None
    from spanpact.sources.http_headers import parse_headers
    from spanpact.sources.receiver.intake.forwarding import Upstream
    from spanpact.sources.tls import TlsOptions

    headers = parse_headers(environ.get(FORWARD_HEADERS_VARIABLE, ""), variable=FORWARD_HEADERS_VARIABLE)
    tls = TlsOptions(given.ca_file, given.client_cert, given.client_key)
    return Upstream(given.forward, headers, tls=tls.context() if given.forward.startswith("https:") else None)


def check_addresses(given: argparse.Namespace) -> None:
    """Raise UsageError for an address other than loopback without `--allow-remote`."""
    from spanpact.sources.receiver.access import is_loopback

    for option, address in (("--listen", given.listen), ("--listen-grpc", given.listen_grpc)):
        if address and not given.allow_remote and not is_loopback(address.host):
            raise UsageError(f"{option}: {address.host} is not loopback", hint="--allow-remote accepts it")


def _token(file: str | None, environ: Mapping[str, str]) -> str:
    if not file:
        token = environ.get(TOKEN_VARIABLE, "").strip()
        source = TOKEN_VARIABLE
    else:
        source = f"the token in {file}"
        try:
            token = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UsageError(f"cannot read the token in {file}: {why}") from None
    if (file and not token) or not all("!" <= each <= "~" for each in token):
        raise UsageError(f"{source} is not a token", hint="accepted: one line of ASCII without spaces")
    return token


def _address(text: str) -> Address:
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match[3]) > 65535:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: HOST:PORT, such as {_DEFAULT_ADDRESS}")
    return Address(match[1] or match[2], int(match[3]))


def parse_seconds(text: str) -> float:
    """Return a number of seconds, 0 to 3600; raise for what is none."""
    number = _decimal(text)
    if number is None or number > 3600:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: 0 to 3600 seconds")
    return number


def _share(text: str) -> float:
    number = _decimal(text)
    if number is None or number > 1:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a share from 0 to 1, such as 0.2")
    return number


def _status_and_share(text: str) -> tuple[int, float]:
    match = _STATUS_AND_SHARE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"cannot be {text!r}; accepted: a status from 400 to 599, such as 503 or 503:0.2"
        )
    return int(match[1]), _share(match[2]) if match[2] else 1.0


def parse_number(text: str) -> int:
    """Return a whole number; raise for what is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a whole number")
    return int(text)


def _decimal(text: str) -> float | None:
    if not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    return float(text)
