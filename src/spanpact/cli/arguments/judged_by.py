"""Load what traces are judged by: the contracts and packs of a command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spanpact.cli.arguments.contract_arguments import load_contract_arguments
from spanpact.cli.arguments.levels import add_level_options, with_levels
from spanpact.cli.arguments.options import Parser, add_contracts_argument
from spanpact.cli.arguments.trace_links import add_trace_url_option

if TYPE_CHECKING:
    from spanpact.contract.compiled import ContractPlan
    from spanpact.verification.limits import Limits
    from spanpact.verification.options import StartObserver, VerificationOptions


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """The contracts, those of the packs among them, and the observer that keeps the score if it was asked for."""

    plans: list[ContractPlan]
    observer: StartObserver | None = None

    def options(
        self,
        given: argparse.Namespace,
        *,
        hold: bool,
        check_every: int = 0,
        header: Sequence[tuple[str, str]] = (),
        limits: Limits | None = None,
    ) -> VerificationOptions:
        """Return how traces are verified, as `--strict`, `--allow-unseen` and the caller say."""
        from spanpact.verification.limits import NO_LIMITS
        from spanpact.verification.options import VerificationOptions

        return VerificationOptions(
            given.strict,
            given.allow_unseen,
            self.observer,
            check_every=check_every,
            hold=hold,
            header=header,
            limits=limits or NO_LIMITS,
        )


def add_judging_options(parser: Parser) -> None:
    """Add the positional argument CONTRACTS, `--pack`, `--min-score` and those of levels and links."""
    add_contracts_argument(parser, optional=True)
    parser.add_argument(
        "--pack", action="append", default=[], dest="packs", metavar="NAME",
        help="a pack that spanpact ships: genai, instrumentation-score, integrity or sensitive-data; may be repeated "
        "(default: integrity, which is always there if no contract is given)",
    )  # fmt: skip
    parser.add_argument(
        "--min-score", type=_score, metavar="N",
        help="with --pack instrumentation-score: break if a service scores less, 0 to 100 (default: never)",
    )  # fmt: skip
    add_level_options(parser)
    add_trace_url_option(parser)


def load_judged_by(given: argparse.Namespace) -> JudgedBy:
    """Load the contracts and packs that the arguments name; without a contract also the pack `integrity`.

    Raise ContractError for a mistake in a contract, UsageError for one that cannot be read and an unknown pack.
    """
    plans = load_contract_arguments(given.contracts) if given.contracts else []
    if plans and not given.packs and given.min_score is None:
        return JudgedBy(with_levels(plans, given), None)

    from spanpact.packs.shipped import INTEGRITY, load_packs

    names = given.packs if plans else [INTEGRITY, *given.packs]
    packs = load_packs(names, least_score=given.min_score)
    return JudgedBy(with_levels([*plans, *packs.plans], given), packs.observer if packs.scored else None)


def _score(text: str) -> float:
    if not text.isascii() or not text.replace(".", "", 1).isdigit() or float(text) > 100:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}; accepted: a number from 0 to 100")
    return float(text)
