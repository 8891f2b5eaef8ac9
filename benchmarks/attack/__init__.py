"""Attack what listens, and measure what a well-behaved client notices: `python -m benchmarks.attack` (N1, K4).

    python -m benchmarks.attack                       receive, listen and mcp, 60 seconds each
    python -m benchmarks.attack receive --seconds 10 --contracts contracts/
    python -m benchmarks.attack --write-docs          also write the table into docs/reliability.md

`attackers` and `client` are processes of their own, so that neither delays the other. `receivers` attacks `spanpact
receive` and `spanpact listen`, `assistant` the input of `spanpact mcp`, and `table` shows what was measured.
"""
