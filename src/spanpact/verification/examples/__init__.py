"""Contracts judged by their own examples: `contract_examples`.

`proving` finds the expectations that the examples need, with `expectation_removal`. May import: `verifying`.
"""
