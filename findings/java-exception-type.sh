#!/bin/sh
# The Java agent names a nested exception otherwise than its stack trace does, and an anonymous one not at all.
#
# Libraries: io.opentelemetry.javaagent:opentelemetry-javaagent 2.31.1, io.opentelemetry:opentelemetry-api 1.68.0.
# Behaviour: exception.type is the canonical name of the class: Shop.CardDeclined for a class inside Shop, where
#   Class.getName() and the first line of the stack trace have Shop$CardDeclined. An anonymous class has no canonical
#   name: its event `exception` has no exception.type.
# Why it matters: a literal that is copied from a stack trace never matches, and error.type set from getName() differs
#   from the exception.type of the same span. An exception without a type breaks a contract that requires one.
# Seen on 2026-11-29:
#   error.type=Shop$CardDeclined
#     event
#       exception.type=Shop.CardDeclined
#   error.type=Shop$1
#     event
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

cat > pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>io.opentelemetry</groupId><artifactId>opentelemetry-api</artifactId><version>1.68.0</version>
    </dependency>
    <dependency>
      <groupId>io.opentelemetry.javaagent</groupId><artifactId>opentelemetry-javaagent</artifactId><version>2.31.1</version>
    </dependency>
  </dependencies>
  <build><sourceDirectory>.</sourceDirectory></build>
</project>
END
cat > Shop.java <<'END'
import io.opentelemetry.api.GlobalOpenTelemetry;

class Shop {
  static class CardDeclined extends Exception {}

  static void charge(Exception error) {
    var span = GlobalOpenTelemetry.getTracer("shop").spanBuilder("charge").startSpan();
    span.recordException(error).setAttribute("error.type", error.getClass().getName()).end();
  }

  public static void main(String[] arguments) {
    charge(new CardDeclined());
    charge(new Exception() {});
  }
}
END
plugins=org.apache.maven.plugins
mvn --quiet --batch-mode $plugins:maven-compiler-plugin:3.14.0:compile \
  $plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=libraries -Dmdep.stripVersion=true \
  > maven.txt 2>&1 || { grep ERROR maven.txt | head -1; exit 2; }
OTEL_TRACES_EXPORTER=logging-otlp OTEL_LOGS_EXPORTER=none OTEL_METRICS_EXPORTER=none \
  java -javaagent:libraries/opentelemetry-javaagent.jar -cp 'target/classes:libraries/*' Shop > spans.txt 2>&1 || { tail -1 spans.txt; exit 2; }
seen=$(grep -o '"name":"exception"\|"[a-z]*\.type","value":{"stringValue":"[^"]*Shop[^"]*"' spans.txt |
  sed 's/^"name":"exception"$/  event/; s/^"exception\.type".*"\([^"]*\)"$/    exception.type=\1/
    s/^"error\.type".*"\([^"]*\)"$/error.type=\1/')
expected='error.type=Shop$CardDeclined
  event
    exception.type=Shop.CardDeclined
error.type=Shop$1
  event'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
