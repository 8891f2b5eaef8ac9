"""Attack what listens and print a table; 1 if a promise is broken.

python -m benchmarks.attack                    receive, listen and mcp
python -m benchmarks.attack receive listen     these only
python -m benchmarks.attack --write-docs       also write the table into docs/reliability.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from benchmarks.attack.assistant import measure_assistant
from benchmarks.attack.receivers import COMMANDS, measure_receiver
from benchmarks.attack.table import render_table, write_page

TARGETS: Final = (*COMMANDS, "mcp")


def main(arguments: Sequence[str]) -> int:
    """Attack the chosen targets and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.attack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each attack (default: 60)")
    parser.add_argument("--contracts", nargs="*", default=[], help="contracts of the receivers (default: none)")
    parser.add_argument("--write-docs", action="store_true", help="write the table into docs/reliability.md")
    given = parser.parse_args(arguments)
    targets = given.targets or list(TARGETS)
    if unknown := sorted(set(targets) - set(TARGETS)):
        parser.error(f"no such target: {', '.join(unknown)}; accepted: {', '.join(TARGETS)}")
    if not 1 <= given.seconds <= 3600:
        parser.error("--seconds: accepted: 1 to 3600")
    receivers = [measure_receiver(each, given.seconds, given.contracts) for each in COMMANDS if each in targets]
    assistant = measure_assistant() if "mcp" in targets else None
    table = render_table(receivers, assistant)
    print(table)
    if given.write_docs:
        write_page(table)
    return int(any(each.wrong for each in receivers) or bool(assistant and assistant.wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
