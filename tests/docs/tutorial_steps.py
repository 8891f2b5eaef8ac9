"""Take a tutorial's steps in order, as a reader does: write its files, change them, run its commands."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.pages import Block, commands, printed_by, settled

_STAYS = re.compile(r"export \w+=.*|.*\. \S+/activate")
"""Lines of a shell that later commands depend on."""


class Reader:
    """A reader in a folder. `installs`: blocks `sh` are run, with the programs that they install; else with ours."""

    def __init__(self, folder: Path, *, installs: bool = False) -> None:
        self.folder, self.installs = folder, installs
        self._shell: list[str] = []

    def run(self, command: str) -> str:
        """Return what a command prints, on both outputs."""
        return printed_by("\n".join([*self._shell, command]), self.folder, own_programs=not self.installs)

    def take(self, step: Block) -> None:
        """Do what a step says, and compare what its commands print with the page."""
        if step.language == "sh":
            self._install(step.text)
        elif step.language == "console":
            for command, printed in commands(step):
                assert settled(self.run(command)) == settled(printed), command
        elif step.language == "diff":
            self._change(self.folder / step.file, step.text)
        else:
            assert step.file, f"no file is named before {step.text[:40]!r}"
            file = self.folder / step.file
            before = f"{file.read_text()}\n" if file.exists() else ""
            file.write_text(before + step.text)

    def _install(self, text: str) -> None:
        lines = text.splitlines()
        if self.installs:
            printed = self.run(f"set -e\n{text}\necho installed")
            assert printed.rstrip().endswith("installed"), printed
        stays = [line for line in lines if _STAYS.fullmatch(line)]
        self._shell += [line.rpartition("&& ")[2] for line in stays if self.installs or line.startswith("export ")]

    def _change(self, file: Path, diff: str) -> None:
        before = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] != "+")
        after = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] != "-")
        assert file.read_text().count(before) == 1, before
        file.write_text(file.read_text().replace(before, after))
