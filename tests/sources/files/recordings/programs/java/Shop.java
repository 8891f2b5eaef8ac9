import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import io.opentelemetry.exporter.logging.otlp.OtlpJsonLoggingSpanExporter;
import io.opentelemetry.exporter.logging.otlp.internal.traces.OtlpStdoutSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.List;

/** Makes the trace of the recordings with OpenTelemetry's Java SDK. usage: Shop log | lines | requests */
public class Shop {
  public static void main(String[] arguments) {
    Resource resource = Resource.builder().put("service.name", "Shop").put("deployment.environment.name", "test").build();
    SdkTracerProvider provider = SdkTracerProvider.builder().setResource(resource)
        .addSpanProcessor(SimpleSpanProcessor.create(exporter(arguments[0]))).build();
    serve(provider.get("shop.web", "1.2.0"));
    provider.close();
  }

  private static SpanExporter exporter(String kind) {
    if (kind.equals("log")) {
      return OtlpJsonLoggingSpanExporter.create();
    }
    return OtlpStdoutSpanExporter.builder().setOutput(System.out).setWrapperJsonObject(kind.equals("requests")).build();
  }

  private static void serve(Tracer tracer) {
    Span other = tracer.spanBuilder("Import Prices").setSpanKind(SpanKind.CONSUMER).startSpan();
    other.end();
    Span top = tracer.spanBuilder("GET /cart").setSpanKind(SpanKind.SERVER).setAttribute("http.route", "/cart")
        .setAttribute("http.response.status_code", 500).startSpan();
    try (Scope ignored = top.makeCurrent()) {
      Span load = tracer.spanBuilder("load cart")
          .addLink(other.getSpanContext(), Attributes.of(AttributeKey.stringKey("why"), "prices")).startSpan();
      load.setAttribute(AttributeKey.stringArrayKey("cart.items"), List.of("pen", "ink"));
      load.setAttribute("cart.total", 12.5).setAttribute("cart.empty", false).setAttribute("note", "Grün");
      load.addEvent("cache miss", Attributes.of(AttributeKey.stringKey("cache.key"), "cart", AttributeKey.longKey("cache.size"), 3L));
      load.addEvent("bare");
      load.end();
      Span select = tracer.spanBuilder("SELECT carts").setSpanKind(SpanKind.CLIENT).startSpan();
      select.recordException(new java.util.concurrent.TimeoutException("no answer"));
      select.setStatus(StatusCode.ERROR, "no answer").end();
      tracer.spanBuilder("publish").setSpanKind(SpanKind.PRODUCER).startSpan().end();
    }
    top.setStatus(StatusCode.OK).end();
  }
}
