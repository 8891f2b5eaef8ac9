"""Packs: contracts and rules that spanpact ships for traces of any service, chosen by `--pack NAME`.

`shipped` finds them by name. Three are contract files, in the folder `contracts`; `instrumentation_score` has rules
that no contract can state. May import: `contract`, `findings`, `privacy`, `trace`, `errors`.
"""

from __future__ import annotations

from spanpact.packs.shipped import PACKS, Packs, load_packs

__all__ = ["PACKS", "Packs", "load_packs"]
