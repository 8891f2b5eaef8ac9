#!/bin/sh
# Vert.x sends the status code of HTTP as a text, and leaves the span's status unset for an answer of 500.
#
# Libraries: io.vertx:vertx-opentelemetry 5.0.8 with vertx-core 5.0.8, io.opentelemetry:opentelemetry-sdk-testing 1.49.0.
# Behaviour: http.response.status_code is the text "500" on the server's and on the client's span, and neither has the status
#   ERROR. The server's span has the URL as http.url, by the old conventions, beside url.path by the new ones; the client's
#   has url.full. Both are named by the method alone, and none has http.route.
# Why it matters: "a failed request is an error" accepts every failure of such a service, and a contract that asks for an
#   integer or for status_code: 500 rejects each of its spans.
# Seen on 2026-11-29:
#   SERVER GET status=UNSET http.response.status_code=500 (STRING) http.url=yes url.full=no http.route=no
#   CLIENT GET status=UNSET http.response.status_code=500 (STRING) http.url=no url.full=yes http.route=no
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
  <dependencies>
    <dependency><groupId>io.vertx</groupId><artifactId>vertx-opentelemetry</artifactId><version>5.0.8</version></dependency>
    <dependency>
      <groupId>io.opentelemetry</groupId><artifactId>opentelemetry-sdk-testing</artifactId><version>1.49.0</version>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.14.0</version></plugin>
      <plugin><artifactId>maven-dependency-plugin</artifactId><version>3.8.1</version></plugin>
    </plugins>
  </build>
</project>
END
cat > src/main/java/Shop.java <<'END'
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.tracing.TracingPolicy;
import io.vertx.tracing.opentelemetry.OpenTelemetryTracingFactory;

public class Shop {
    static String has(SpanData span, String key) {
        return span.getAttributes().asMap().keySet().stream().anyMatch(found -> found.getKey().equals(key)) ? "yes" : "no";
    }

    public static void main(String[] arguments) throws Exception {
        var spans = InMemorySpanExporter.create();
        var provider = SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(spans)).build();
        var sdk = OpenTelemetrySdk.builder().setTracerProvider(provider)
            .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance())).build();
        var vertx = Vertx.builder().withTracer(new OpenTelemetryTracingFactory(sdk)).build();
        var server = vertx.createHttpServer(new HttpServerOptions().setTracingPolicy(TracingPolicy.ALWAYS))
            .requestHandler(request -> request.response().setStatusCode(500).end())
            .listen(0, "127.0.0.1").toCompletionStage().toCompletableFuture().get();
        vertx.createHttpClient(new HttpClientOptions().setTracingPolicy(TracingPolicy.ALWAYS))
            .request(HttpMethod.GET, server.actualPort(), "127.0.0.1", "/orders")
            .compose(request -> request.send()).compose(response -> response.body())
            .toCompletionStage().toCompletableFuture().get();
        for (int tries = 0; spans.getFinishedSpanItems().size() < 2 && tries < 250; tries++) Thread.sleep(20);
        for (var kind : new SpanKind[] {SpanKind.SERVER, SpanKind.CLIENT})
            for (var span : spans.getFinishedSpanItems())
                if (span.getKind() == kind) {
                    var code = AttributeKey.stringKey("http.response.status_code");
                    System.out.printf("%s %s status=%s %s=%s (%s) http.url=%s url.full=%s http.route=%s%n", kind, span.getName(),
                        span.getStatus().getStatusCode(), code.getKey(), span.getAttributes().get(code), code.getType(),
                        has(span, "http.url"), has(span, "url.full"), has(span, "http.route"));
                }
        vertx.close();
    }
}
END
mvn -q -B compile dependency:build-classpath -Dmdep.outputFile=classpath.txt > install.txt 2>&1 || { grep ERROR install.txt | head -5; exit 2; }
seen=$(java -cp "target/classes:$(cat classpath.txt)" Shop)
expected='SERVER GET status=UNSET http.response.status_code=500 (STRING) http.url=yes url.full=no http.route=no
CLIENT GET status=UNSET http.response.status_code=500 (STRING) http.url=no url.full=yes http.route=no'
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo "changed: see what is printed above" >&2; exit 1; }
