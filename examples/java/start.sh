#!/bin/sh
# sh start.sh [CLASS]: the agent comes first, as it changes classes as they are loaded. TracedRedis traces Redis itself.
exec java -javaagent:target/libraries/opentelemetry-javaagent.jar -Dotel.instrumentation.jedis.enabled=false \
  -cp 'target/classes:target/libraries/*' "${1:-Shop}"
