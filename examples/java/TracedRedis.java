import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A Redis client whose commands are traced as the contracts redis-command and redis-failure ask (docs/specification.md S2
 * of spanpact): the key as a template, never a value, errors by their type alone.
 */
final class TracedRedis implements AutoCloseable {
  private static final Tracer tracer = GlobalOpenTelemetry.getTracer("redis");
  private static final List<String> TEMPLATES = List.of("session:*");
  /** The server's own word for an error, such as WRONGTYPE. */
  private static final Pattern CODE = Pattern.compile("^[A-Z]+(?= )");

  private final URI server;
  private final String correlationId;
  private Jedis connection;

  TracedRedis(URI server, String correlationId) {
    this.server = server;
    this.correlationId = correlationId;
  }

  String get(String key) {
    return read("GET", key, redis -> redis.get(key));
  }

  String hget(String key, String field) {
    return read("HGET", key, redis -> redis.hget(key, field));
  }

  void set(String key, String value, long seconds) {
    inSpan("SET", key, redis -> redis.setex(key, seconds, value));
  }

  @Override
  public void close() {
    if (connection != null) {
      connection.close();
    }
  }

  private String read(String operation, String key, Function<Jedis, String> command) {
    return inSpan(operation, key, redis -> {
      String value = command.apply(redis);
      Span.current().setAttribute("cache_hit", value != null).setAttribute("cache_miss", value == null);
      return value;
    });
  }

  /** Runs one command in a span of its own, which says how long it took and how it ended. */
  private String inSpan(String operation, String key, Function<Jedis, String> command) {
    Span span = tracer.spanBuilder("redis." + operation.toLowerCase(Locale.ROOT)).setSpanKind(SpanKind.CLIENT).startSpan();
    span.setAttribute("operation", operation)
        .setAttribute("db_type", "redis")
        .setAttribute("key", Shop.BREAK.equals("raw-key") ? key : template(key))
        .setAttribute("connection_pool", "main")
        .setAttribute("server.address", server.getHost())
        .setAttribute("server.port", server.getPort())
        .setAttribute("correlation.id", correlationId);
    long started = System.nanoTime();
    try (Scope scope = span.makeCurrent()) {
      if (connection == null) {
        connection = new Jedis(server);
      }
      return command.apply(connection);
    } catch (JedisException error) {
      fail(span, error);
      throw error;
    } finally {
      span.setAttribute("latency_ms", (System.nanoTime() - started) / 1e6).end();
    }
  }

  /** Returns what is known of a key without its values: the template that it fits. */
  private static String template(String key) {
    return TEMPLATES.stream().filter(each -> key.matches(each.replace("*", "[^:]+"))).findFirst().orElse("[unregistered]");
  }

  /** Records why a command failed, without the message: messages of Redis repeat keys and values. */
  private static void fail(Span span, JedisException error) {
    Matcher code = CODE.matcher(String.valueOf(error.getMessage()));
    boolean answered = code.find();
    String type = answered ? code.group() : error.getClass().getSimpleName();
    span.setStatus(StatusCode.ERROR).setAttribute("error.type", type);
    if (answered) {
      span.setAttribute("db.response.status_code", type);
    }
    if (Shop.BREAK.equals("message")) {
      span.recordException(error);
    } else {
      span.addEvent("exception", Attributes.of(AttributeKey.stringKey("exception.type"), type));
    }
  }
}
