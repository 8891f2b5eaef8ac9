#!/bin/sh
# The agent comes first: it changes classes as they are loaded.
exec java -javaagent:target/libraries/opentelemetry-javaagent.jar -cp 'target/classes:target/libraries/*' Shop
