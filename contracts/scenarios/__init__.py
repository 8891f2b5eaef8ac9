"""The scenarios of `spanpact.conformance.SCENARIOS` and further ones, performed by the reference implementation."""
