"""The soak: studio-api at 70 % of its capacity for half an hour while its backends fail by a seeded schedule.

    nox -s soak                              30 minutes
    nox -s soak -- --minutes 3 --seed 7      a short run; `--spool` keeps spans on disk
    nox -s soak -- --write-docs              also write the figures into docs/reliability.md

`schedule` plans the faults and `faults` makes them happen. `traffic` sends requests, and `span_archive` is the endpoint
in front of Jaeger that keeps what was stored; both are processes of their own. `watching` reads memory and ledger, and
`running` runs all of it. Afterwards `stored_traces` judges every stored trace by the contracts, `service_log` looks for
exceptions, `outcome` says what is wrong, and `page` writes the figures.
"""
