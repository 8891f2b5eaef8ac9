"""The rules of lint, one module for each kind of mistake.

| module | ids |
|---|---|
| `contradictions` | never-holds, never-selects |
| `conditions` | when-never-holds, then-never-holds, then-redundant |
| `shadowing` | entry-shadowed, alternative-shadowed |
| `never_judged` | never-judged |
| `no_effect` | says-nothing |
| `unused` | entry-unused, alias-unused, class-unused, fragment-unused, extends-unused |
| `literals` | literal-suspicious |
| `span_names` | name-with-id |
| `forbidden` | forbid-of-one-span |
| `levels` | level-unused |
| `pending` | pending-expired |
| `names` | name-twice |
| `examples` | examples-missing, example-wrong, example-without-flow, given-unused, expectation-unproven |

Each rule is a function that takes a `LintedContract` and yields messages. It never raises and never stops at the first
mistake. To add one: give it an id in `messages`, a function here, a call in `linting`, an entry in docs/lint.md, and a
case in tests/lint/contracts.
"""
