"""The tree that Jaeger must show for each flow of the demo, drawn as `integration.support.jaeger_trees` draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Expected:
    """A flow of the demo by its name, the rows of docs/specification.md that it proves, and its tree."""

    flow: str
    rows: str
    tree: str


_CREATED: Final = """
POST /sessions  server  http.response.status_code=201  audit.requested=true
  session.create
    execute_with_circuit_breaker  operation=INSERT  circuit_breaker.state=closed
      db.query  client  operation=INSERT
      db.query  client  operation=INSERT
    redis.set  client  operation=SET  key=session:*
    redis.pipeline  client  operation=PIPELINE  key=user_sessions:*:*
"""
_REPORTED: Final = f"""{_CREATED}\
  POST  client  http.response.status_code=201
    POST /audit/records  @audit-api  server  http.response.status_code=201
      db.query  client
"""
_MISS: Final = """
GET /session  server  http.response.status_code=200
  session.validate  session.valid=true  session.source=database
    redis.get  client  operation=GET  key=session:*  cache_hit=false  cache_miss=true
    execute_with_circuit_breaker  operation=SELECT  circuit_breaker.state=closed
      db.query  client  operation=SELECT
    redis.set  client  operation=SET  key=session:*
"""


def _all_ended(number: int) -> str:
    """Return the tree of a request that ends this number of a user's sessions, without the commands for each."""
    return f"""
DELETE /users/{{id}}/sessions  server  http.response.status_code=200
  session.invalidate_all  sessions.deleted={number}
    execute_with_circuit_breaker  operation=DELETE  circuit_breaker.state=closed
      db.query  client  operation=DELETE
    redis.scan  client  operation=SCAN  key=user_sessions:*:*
"""


def _failed(number: int, opened: str = "") -> str:
    """Return the tree of a call that does not get the database's lock in time."""
    error = "OperationalError"
    return f"""\
DELETE /session  server  error  http.response.status_code=503
  execute_with_circuit_breaker  error "{error}"  operation=DELETE  circuit_breaker.state=closed  error={error}
    * circuit_breaker.failure  pool=sessions  failure_count={number}  threshold=1
{opened}\
    * exception  exception.type=sqlalchemy.exc.{error}
    db.query  client  error "{error}"  operation=DELETE  error={error}
      * exception  exception.type=sqlalchemy.exc.{error}
"""


_OPENED: Final = """\
    * circuit_breaker.open  pool=sessions  from_state=closed  reason=failure_rate  failure_count=3  threshold=1
"""
_REFUSED_AND_RECOVERED: Final = """\
DELETE /session  server  error  http.response.status_code=503
  execute_with_circuit_breaker  error "circuit sessions is open"  operation=DELETE  error=CircuitOpen
    * exception  exception.type=reference_impl.circuit_breaker.values.CircuitOpen
    * circuit_breaker.rejected  pool=sessions
GET /session  server  error  http.response.status_code=503
  session.validate  error "StoreUnavailable"
    * exception  exception.type=reference_impl.sessions.store.StoreUnavailable
    redis.get  client  operation=GET  key=session:*  cache_hit=false  cache_miss=true
    execute_with_circuit_breaker  error "circuit sessions is open"  operation=SELECT  error=CircuitOpen
      * exception  exception.type=reference_impl.circuit_breaker.values.CircuitOpen
      * circuit_breaker.rejected  pool=sessions
DELETE /session  server  http.response.status_code=204
  execute_with_circuit_breaker  operation=DELETE  circuit_breaker.state=half_open
    * circuit_breaker.half_open  pool=sessions  from_state=open  reason=wait_over  failure_count=3  threshold=1
    * circuit_breaker.close  pool=sessions  from_state=half_open  reason=recovered  failure_count=0  threshold=1
    db.query  client  operation=DELETE
  redis.delete  client  operation=DEL  key=session:*
  redis.hdel  client  operation=HDEL  key=user_sessions:*:*
"""

JOB: Final = "the job of the purge"
"""The flow whose trace id is in no response."""

EXPECTED: Final = (
    Expected("create a session (web)", "S2.1 S3 S4.1 S5.5", _REPORTED),
    Expected("create a session (phone)", "S2.1 S3 S4.1 S5.5", _REPORTED),
    Expected("validate: hit", "S2.2 S3", """
GET /session  server  http.response.status_code=200
  session.validate  session.valid=true  session.source=cache
    redis.get  client  operation=GET  key=session:*  cache_hit=true  cache_miss=false
"""),
    Expected("validate: miss", "S2.2 S3 S4.1", _MISS),
    Expected("validate: expired", "S2.2 S3", """
GET /session  server  http.response.status_code=401
  session.validate  session.valid=false  session.reason=expired  session.source=database
    redis.get  client  operation=GET  key=session:*  cache_hit=false  cache_miss=true
    execute_with_circuit_breaker  operation=SELECT  circuit_breaker.state=closed
      db.query  client  operation=SELECT
    redis.delete  client  operation=DEL  key=session:*
"""),
    Expected("validate: unknown", "S2.2 S3", """
GET /session  server  http.response.status_code=401
  session.validate  session.valid=false  session.reason=unknown
    redis.get  client  operation=GET  key=session:*  cache_hit=false  cache_miss=true
    execute_with_circuit_breaker  operation=SELECT  circuit_breaker.state=closed
      db.query  client  operation=SELECT
"""),
    Expected("validate: tampered", "S3", """
GET /session  server  http.response.status_code=401
  session.validate  session.valid=false  session.reason=tampered
"""),
    Expected("warm the cache", "S2.4 S3", """
POST /cache/warm  server  http.response.status_code=200
  session.warm_cache  sessions.warmed=8
    execute_with_circuit_breaker  operation=SELECT  circuit_breaker.state=closed
      db.query  client  operation=SELECT
""" + 8 * "    redis.set  client  operation=SET  key=session:*\n"),
    Expected("validate: Redis down", "S2.2 S2.3 S3", """
GET /session  server  http.response.status_code=200
  session.validate  session.valid=true  session.source=database
    redis.get  client  error "ConnectionError"  operation=GET  key=session:*  error=ConnectionError
      * exception  exception.type=redis.exceptions.ConnectionError
    execute_with_circuit_breaker  operation=SELECT  circuit_breaker.state=closed
      db.query  client  operation=SELECT
    redis.set  client  error "ConnectionError"  operation=SET  key=session:*  error=ConnectionError
      * exception  exception.type=redis.exceptions.ConnectionError
"""),
    Expected("validate: Redis is back", "S3", _MISS),
    Expected("end one session", "S2.4 S3", """
DELETE /session  server  http.response.status_code=204
  execute_with_circuit_breaker  operation=DELETE  circuit_breaker.state=closed
    db.query  client  operation=DELETE
  redis.delete  client  operation=DEL  key=session:*
  redis.hdel  client  operation=HDEL  key=user_sessions:*:*
"""),
    Expected("end a tampered session", "S3", """
DELETE /session  server  http.response.status_code=401
"""),
    Expected("end all of a user", "S2.4 S3", f"""{_all_ended(2)}\
    redis.hgetall  client  operation=HGETALL  key=user_sessions:*:*  cache_hit=true  cache_miss=false
    redis.pipeline  client  operation=PIPELINE  key=[several]
"""),
    Expected("end all of nobody", "S2.4 S3", _all_ended(0)),
    Expected("purge in the background", "S5.1", """
POST /admin/purge  server  http.response.status_code=202
"""),
    Expected(JOB, "S5.1", """
session.purge  sessions.deleted=121
  > POST /admin/purge
  execute_with_circuit_breaker  operation=DELETE  circuit_breaker.state=closed
    db.query  client  operation=DELETE
  redis.pipeline  client  operation=PIPELINE  key=[several]
  execute_with_circuit_breaker  operation=DELETE  circuit_breaker.state=closed
    db.query  client  operation=DELETE
  redis.pipeline  client  operation=PIPELINE  key=[several]
  execute_with_circuit_breaker  operation=DELETE  circuit_breaker.state=closed
    db.query  client  operation=DELETE
"""),
    Expected("breaker: probe, recovered", "S4.1 S4.2 S4.3",
             _failed(1) + _failed(2) + _failed(3, _OPENED) + _REFUSED_AND_RECOVERED),
    Expected("audit: reported", "S5.2 S5.5", _REPORTED),
    Expected("audit: reported, 25 at once", "S5.4 S5.5", _REPORTED),
    Expected("audit: down", "S5.5", f"""{_CREATED}\
  POST  client  error "ConnectError"
    * exception  exception.type=httpx2.ConnectError
"""),
)  # fmt: skip
"""In the order of the demo. The circuit breaker's flow is one trace, named after its last step."""
