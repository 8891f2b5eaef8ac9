#!/bin/sh
exec java -javaagent:target/libraries/opentelemetry-javaagent.jar -cp 'target/classes:target/libraries/*' Work
