"""spanpact's sources against the stores themselves: ClickHouse with the collector's exporter, and Zipkin's server.

`nox -s stores` runs them, with what they need in an environment of its own: chdb is ClickHouse as a library. `go` and
`mvn` must be there.
"""
