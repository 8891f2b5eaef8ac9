"""`python -m ci.supply_chain.sbom FILE`: check that an SBOM lists spanpact and exactly what its wheel needs here."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.draw_licences import belongs_here, needed_by, normalized, pins


def wanted() -> Mapping[str, str]:
    """Return the versions of the packages that the wheel, without extras, brings to this platform."""
    return {
        name: block.split("==")[1].split()[0]
        for name, block in pins().items()
        if "the wheel" in needed_by()[name] and belongs_here(block)
    }


def differences(document: Mapping[str, Any], wheel_needs: Mapping[str, str]) -> Sequence[str]:
    """Return in words how an SBOM in CycloneDX JSON differs from what the wheel needs: nothing where it does not."""
    listed = {normalized(each["name"]): each["version"] for each in document.get("components", ())}
    named = document["metadata"]["component"]["name"]
    return [
        *([] if named == "spanpact" else [f"it describes {named}"]),
        *(
            f"{name}: {listed.get(name, 'missing')} in the SBOM, {wheel_needs.get(name, 'none')} needed"
            for name in sorted(listed.keys() | wheel_needs.keys())
            if listed.get(name) != wheel_needs.get(name)
        ),
    ]


if __name__ == "__main__":
    file = Path(sys.argv[1])
    wrong = differences(json.loads(file.read_text()), wanted())
    print(*(wrong or [f"{file.name}: spanpact and {len(wanted())} packages"]), sep="\n")
    sys.exit(bool(wrong))
