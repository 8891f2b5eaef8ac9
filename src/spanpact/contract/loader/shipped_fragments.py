"""Read the fragments that spanpact ships, by the names that `extends` has for them."""

from __future__ import annotations

from functools import cache

from spanpact.contract.document import Location, Mapping
from spanpact.contract.loader.vocabulary import suggest
from spanpact.contract.semconv import FRAGMENTS, UNSTABLE, VERSION, fragment_file
from spanpact.contract.yaml_reader import from_yaml


def shipped_fragment(name: str, location: Location) -> Mapping:
    """Return the document of a shipped fragment; its places have the name instead of a path.

    Raise ContractError at `location`, with the names that there are, for an unknown name.
    """
    if name not in FRAGMENTS:
        stability = UNSTABLE.get(name)
        why = f": the conventions {VERSION} call it {stability}, and only stable ones have a fragment"
        hint = f"accepted: {', '.join(FRAGMENTS)}" if stability else suggest(name, FRAGMENTS)
        raise location.error(f"there is no fragment `{name}`{why if stability else ''}", hint=hint)
    return _read(name)


@cache
def _read(name: str) -> Mapping:
    file = fragment_file(name)
    assert file is not None
    return from_yaml(file.read_bytes(), file=name)
