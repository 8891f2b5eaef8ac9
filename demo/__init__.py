"""The main job, as a person would do it by hand: a real Redis, the real service, every flow over HTTP.

`nox -s demo` runs it under `spanpact run contracts/v1`, which says whether the service kept its contracts.
"""
