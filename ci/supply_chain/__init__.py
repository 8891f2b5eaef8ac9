"""What `nox -s audit` and `nox -s sbom` run (docs/supply-chain.md)."""
