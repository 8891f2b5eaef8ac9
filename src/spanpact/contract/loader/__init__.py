"""Load contracts: check contract documents and compile each to a `ContractPlan`.

A contract file goes through these modules, in order:

1. `folders` finds the contract files below a folder, `files` opens them; `contract.yaml_reader` parses each into a
   document.
2. `loading` decides whether a document is a contract or a fragment, and opens the fragments that it extends.
3. `fragments` merges the sections of the contract and its fragments.
4. `compiler` compiles the document: `header` reads the keywords at the top, `entries` the tree of spans, `content` the
   expectations on one span, `matchers` their values, `statements` the rules of `every` and the statements of `across`.
5. All of these read single nodes by `node_readers`, which know what a keyword accepts. `vocabulary` lists the keywords.
   `context` keeps the ids and the errors found so far.

Mistakes are collected. In the end one `ContractError` is raised, with file, line and column of the first mistake; its
`others` are the rest. The language is docs/contract-format.md.
"""

from __future__ import annotations

from spanpact.contract.loader.loading import (
    LoadedFile,
    compile_contract,
    load_contract,
    load_contracts,
    load_each,
    load_text,
)

__all__ = ["LoadedFile", "compile_contract", "load_contract", "load_contracts", "load_each", "load_text"]
