import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.trace.Span;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Scenarios of the contracts that spanpact ships, performed on request: spanpact conform -- sh start.sh Scenarios. GET
 * /scenarios says which ones, POST /scenarios/NAME performs one and answers with the id of its trace.
 */
public class Scenarios {
  static final String EMAIL = "ada@example.com";
  static final URI REDIS = URI.create(System.getenv().getOrDefault("REDIS_URL", "redis://127.0.0.1:6379"));
  static final URI NOBODY = URI.create("redis://127.0.0.1:1"); // where no server listens

  static final Map<String, Consumer<TracedRedis>> SCENARIOS = Map.of(
      "redis-get-hit", redis -> {
        redis.set("session:1", "{}", 60);
        redis.get("session:1");
      },
      "redis-get-miss", redis -> redis.get("session:none"),
      "redis-set", redis -> redis.set("session:1", EMAIL, 60),
      "redis-unregistered-key", redis -> redis.get("profile:" + EMAIL),
      "redis-failing-command", redis -> {
        redis.set("session:1", "{}", 60);
        failing(() -> redis.hget("session:1", EMAIL)); // the key is no hash
      },
      "redis-down", redis -> {
        try (TracedRedis down = new TracedRedis(NOBODY, UUID.randomUUID().toString())) {
          failing(() -> down.get("session:1"));
        }
      });

  static void failing(Runnable command) {
    try {
      command.run();
    } catch (JedisException error) {
      return;
    }
    throw new IllegalStateException("the command did not fail");
  }

  static void answer(HttpExchange exchange) throws IOException {
    String name = exchange.getRequestURI().getPath().replaceFirst("^/scenarios/?", "");
    if (name.isEmpty()) {
      String names = SCENARIOS.keySet().stream().map(each -> '"' + each + '"').collect(Collectors.joining(", "));
      send(exchange, 200, "{\"name\": \"java-example\", \"scenarios\": [" + names + "]}");
    } else if (!SCENARIOS.containsKey(name)) {
      send(exchange, 404, "");
    } else {
      try (TracedRedis redis = new TracedRedis(REDIS, UUID.randomUUID().toString())) {
        SCENARIOS.get(name).accept(redis);
        String trace = Span.current().getSpanContext().getTraceId(); // of the span that the agent made of the request
        send(exchange, 200, "{\"traces\": [\"" + trace + "\"]}");
      } catch (RuntimeException error) {
        send(exchange, 500, error.toString());
      }
    }
  }

  static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  /** Serves until SIGTERM, at which the agent sends what has not been sent yet. */
  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/scenarios", Scenarios::answer);
    server.start();
  }
}
