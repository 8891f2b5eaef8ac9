import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;

/**
 * A shop with two endpoints, and the load that calls it. The OpenTelemetry agent traces HTTP, JDBC and executors, and
 * sends the log records. BREAK plants a fault (see README.md).
 */
public class Shop {
  static final String BREAK = System.getenv().getOrDefault("BREAK", "");
  static final int FLOWS = Integer.parseInt(System.getenv().getOrDefault("FLOWS", "500"));
  static final int AT_ONCE = 4;
  static final String DATABASE = "jdbc:h2:mem:shop;DB_CLOSE_DELAY=-1";

  static final Logger log = Logger.getLogger("shop");
  static final Tracer tracer = GlobalOpenTelemetry.getTracer("shop");
  static final HttpClient client = HttpClient.newHttpClient();
  static final ExecutorService workers = Executors.newCachedThreadPool();
  static final BlockingQueue<Runnable> jobs = new LinkedBlockingQueue<>();

  static class CardDeclined extends Exception {
    CardDeclined() {
      super("the card was declined");
    }
  }

  interface Work {
    void run(Span span) throws Exception;
  }

  /** Runs work in a span of its own, which ends with it and records what it throws. */
  static void inSpan(String name, SpanKind kind, Work work) throws Exception {
    Span span = tracer.spanBuilder(name).setSpanKind(kind).startSpan();
    try (Scope scope = span.makeCurrent()) {
      work.run(span);
    } catch (Exception error) {
      span.recordException(error).setStatus(StatusCode.ERROR).setAttribute("error.type", error.getClass().getName());
      throw error;
    } finally {
      span.end();
    }
  }

  static void loadCart() throws Exception {
    if (!BREAK.equals("missing-span")) {
      inSpan("cart.load", SpanKind.INTERNAL, span -> span.setAttribute("cart.items", 3));
    }
  }

  static void reserve() {
    try {
      inSpan("stock.reserve", SpanKind.INTERNAL, span -> Thread.sleep(BREAK.equals("not-awaited") ? 100 : 1));
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  /** The agent hands the context to tasks of an executor, but not to what a thread of ours takes from a queue. */
  static CompletableFuture<Void> startToReserve() {
    if (!BREAK.equals("lost-context")) {
      return CompletableFuture.runAsync(Shop::reserve, workers);
    }
    CompletableFuture<Void> reserved = new CompletableFuture<>();
    jobs.add(() -> {
      reserve();
      reserved.complete(null);
    });
    return reserved;
  }

  static void store(int order) throws SQLException {
    try (Connection connection = DriverManager.getConnection(DATABASE);
        PreparedStatement statement = connection.prepareStatement("INSERT INTO orders VALUES (?)")) {
      statement.setInt(1, order);
      statement.executeUpdate();
    }
  }

  static void charge(int order, double amount) throws Exception {
    SpanKind kind = BREAK.equals("wrong-kind") ? SpanKind.INTERNAL : SpanKind.CLIENT;
    inSpan("payment.charge", kind, span -> {
      span.setAttribute("payment.amount", amount);
      if (BREAK.equals("email")) {
        span.setAttribute("payment.receipt_to", "ada@example.com");
      }
      if (order % 10 == 0) {
        throw new CardDeclined();
      }
    });
  }

  static int checkout(int port, int order) throws Exception {
    loadCart();
    CompletableFuture<Void> reserved = startToReserve();
    double amount = Double.parseDouble(get(port, "/price?item=" + order));
    if (!BREAK.equals("not-awaited")) {
      reserved.get();
    }
    store(order);
    try {
      charge(order, amount);
    } catch (CardDeclined declined) {
      log.warning("order refused");
      return 402;
    }
    log.info("order placed");
    return 200;
  }

  static void answer(HttpExchange exchange, int status) throws IOException {
    byte[] body = "12.5".getBytes();
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  static void answerCheckout(HttpExchange exchange) throws IOException {
    int order = Integer.parseInt(exchange.getRequestURI().getQuery().replace("order=", ""));
    try {
      answer(exchange, checkout(exchange.getLocalAddress().getPort(), order));
    } catch (Exception error) {
      throw new IOException(error);
    }
  }

  static String get(int port, String path) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  static void work() {
    try {
      while (true) {
        jobs.take().run();
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  public static void main(String[] arguments) throws Exception {
    try (Connection connection = DriverManager.getConnection(DATABASE)) {
      connection.createStatement().execute("CREATE TABLE orders (id INT)");
    }
    Thread worker = new Thread(Shop::work);
    worker.setDaemon(true);
    worker.start();
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    server.setExecutor(workers);
    server.createContext("/checkout", Shop::answerCheckout);
    server.createContext("/price", exchange -> answer(exchange, 200));
    server.start();
    ExecutorService customers = Executors.newFixedThreadPool(AT_ONCE);
    for (int order = 1; order <= FLOWS; order++) {
      String path = "/checkout?order=" + order;
      customers.submit(() -> get(server.getAddress().getPort(), path));
    }
    customers.shutdown();
    customers.awaitTermination(10, TimeUnit.MINUTES);
    server.stop(0);
    workers.shutdown(); // the program ends, and the agent sends what has not been sent yet
  }
}
