#!/bin/sh
# A Quarkus application does not start if OTEL_TRACES_EXPORTER has its standard value, otlp.
#
# Libraries: io.quarkus:quarkus-opentelemetry 3.34.1, with the Maven plug-in of the same version.
# Behaviour: the extension brings an exporter of its own, which sends OTLP and is named `cdi`, and leaves the SDK's exporter
#   out. It passes the environment on to the SDK's autoconfiguration, which looks for an exporter named `otlp`, finds none, and
#   fails. The same holds for OTEL_LOGS_EXPORTER. Quarkus' own variable QUARKUS_OTEL_TRACES_EXPORTER=cdi does not prevail.
# Why it matters: `otlp` is the default of the specification, and what a shared environment of many services sets (an
#   operator, a CI job, a test runner). A Quarkus service in it ends at its start.
# Seen on 2026-11-29:
#   without the variable: started
#   OTEL_TRACES_EXPORTER=otlp: did not start: opentelemetry-exporter-otlp not found
#   OTEL_TRACES_EXPORTER=otlp QUARKUS_OTEL_TRACES_EXPORTER=cdi: did not start: opentelemetry-exporter-otlp not found
#   OTEL_LOGS_EXPORTER=otlp: did not start: opentelemetry-exporter-otlp not found
#   OTEL_TRACES_EXPORTER=cdi: started
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"

mkdir -p src/main/java
cat > pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shop</groupId>
  <artifactId>shop</artifactId>
  <version>1.0.0</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencyManagement>
    <dependencies>
      <dependency>
        <groupId>io.quarkus</groupId>
        <artifactId>quarkus-bom</artifactId>
        <version>3.34.1</version>
        <type>pom</type>
        <scope>import</scope>
      </dependency>
    </dependencies>
  </dependencyManagement>
  <dependencies>
    <dependency>
      <groupId>io.quarkus</groupId>
      <artifactId>quarkus-opentelemetry</artifactId>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.14.0</version></plugin>
      <plugin>
        <groupId>io.quarkus</groupId>
        <artifactId>quarkus-maven-plugin</artifactId>
        <version>3.34.1</version>
        <executions><execution><goals><goal>build</goal></goals></execution></executions>
      </plugin>
    </plugins>
  </build>
</project>
END
cat > src/main/java/Shop.java <<'END'
import io.opentelemetry.api.trace.Tracer;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import jakarta.inject.Inject;

@QuarkusMain
public class Shop implements QuarkusApplication {
    @Inject
    Tracer tracer;

    @Override
    public int run(String... arguments) {
        tracer.spanBuilder("order").startSpan().end();
        System.out.println("started");
        return 0;
    }
}
END
mvn --quiet --batch-mode package > install.txt 2>&1 || { tail -3 install.txt; exit 2; }
for name in $(env | sed -n 's/^\(OTEL_[A-Z_]*\)=.*/\1/p; s/^\(QUARKUS_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done

show() {
  title=$1; shift
  # Nothing listens there: what cannot be sent does not end the program.
  if env QUARKUS_OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9 "$@" java -jar target/quarkus-app/quarkus-run.jar > seen.txt 2>&1
  then grep -q '^started$' seen.txt && echo "$title: started"
  else echo "$title: did not start: $(grep -o 'opentelemetry-exporter-otlp not found' seen.txt | head -1)"
  fi
}
seen=$(
  show 'without the variable' A=1
  show 'OTEL_TRACES_EXPORTER=otlp' OTEL_TRACES_EXPORTER=otlp
  show 'OTEL_TRACES_EXPORTER=otlp QUARKUS_OTEL_TRACES_EXPORTER=cdi' OTEL_TRACES_EXPORTER=otlp QUARKUS_OTEL_TRACES_EXPORTER=cdi
  show 'OTEL_LOGS_EXPORTER=otlp' OTEL_LOGS_EXPORTER=otlp
  show 'OTEL_TRACES_EXPORTER=cdi' OTEL_TRACES_EXPORTER=cdi
)
expected='without the variable: started
OTEL_TRACES_EXPORTER=otlp: did not start: opentelemetry-exporter-otlp not found
OTEL_TRACES_EXPORTER=otlp QUARKUS_OTEL_TRACES_EXPORTER=cdi: did not start: opentelemetry-exporter-otlp not found
OTEL_LOGS_EXPORTER=otlp: did not start: opentelemetry-exporter-otlp not found
OTEL_TRACES_EXPORTER=cdi: started'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
