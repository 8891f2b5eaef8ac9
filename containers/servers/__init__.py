"""Redis, PostgreSQL and Jaeger, each from the first usable rung of its ladder.

`backend` has what the kinds share, `processes` runs a server as a process, `docker_rung` and `docker_containers` in a
container. Imports `containers.images` and `containers.engine`.
"""

from __future__ import annotations

__all__ = ["backend", "jaeger_server", "postgres_server", "private_redis", "redis_server"]
