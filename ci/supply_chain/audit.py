"""`python -m ci.supply_chain.audit PIP_AUDIT FILE...`: look every pin up in the database of vulnerabilities.

pip-audit exits with 0 and prints "No known vulnerabilities found" where the database knows none of the packages, as
when a registry's mirror has no such database. Here only a package that was looked up counts as audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3
"""Exit codes: everything was looked up and nothing is known; something is known; something was not looked up."""


def judge(report: Mapping[str, Any]) -> tuple[int, Sequence[str]]:
    """Return the exit code for a report of pip-audit in JSON, and the lines that say why."""
    packages = report["dependencies"]
    skipped = [package for package in packages if "skip_reason" in package]
    known = [package for package in packages if package.get("vulns")]
    lines = [
        f"{package['name']} {package['version']}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'none'}"
        for package in known
        for found in package["vulns"]
    ]
    lines.append(f"{len(packages) - len(skipped)} of {len(packages)} packages audited, {len(known)} vulnerable")
    if skipped:
        lines.append(f"NOT AUDITED: {', '.join(package['name'] for package in skipped)}")
        lines.append(f"the first: {skipped[0]['skip_reason']}")
    elif not packages:
        lines.append(f"NOT AUDITED: pip-audit names no package ({report.get('error', 'the file has none')})")
    return VULNERABLE if known else NOT_AUDITED if skipped or not packages else CLEAN, lines


def report_of(program: str, file: str) -> Mapping[str, Any]:
    """Return pip-audit's report on the pins of a file; without packages, and with the reason, where it gives none."""
    options = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json")
    run = subprocess.run([program, *options, "--requirement", file], capture_output=True, text=True)
    try:
        report: Mapping[str, Any] = json.loads(run.stdout)
    except json.JSONDecodeError:
        report = {"dependencies": [], "error": run.stderr.strip().rpartition("\n")[2]}
    return report


def main(program: str, files: Sequence[str]) -> int:
    """Audit what each file pins, print what was found, and return the exit code."""
    codes = set()
    for file in files:
        code, lines = judge(report_of(program, file))
        print(f"{file}:", *lines, sep="\n    ")
        codes.add(code)
    return next((code for code in (VULNERABLE, NOT_AUDITED) if code in codes), CLEAN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
