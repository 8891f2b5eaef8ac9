"""The reliability scorecard: which of 52 faults are survived, computed from the tests that ran (docs/reliability.md).

A test names the faults that it covers by the marker `fault`: `@pytest.mark.fault("E4")`. `catalogue` has the faults
and what is promised, `marked` finds the marked tests, `outcomes` is the plug-in of pytest that notes how they ended,
`score` counts, `page` writes the tables of the docs. `python -m integration.scorecard` runs all of it.
"""
