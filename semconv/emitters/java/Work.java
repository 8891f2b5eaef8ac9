import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** Calls of HTTP, PostgreSQL and Redis, traced by the Java agent. */
public final class Work {
  private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  public static void main(String[] arguments) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/items", exchange -> {
      String query = exchange.getRequestURI().getQuery();
      exchange.sendResponseHeaders(query == null ? 200 : Integer.parseInt(query.split("=")[1]), -1);
      exchange.close();
    });
    server.start();
    String base = "http://localhost:" + server.getAddress().getPort();
    for (String status : List.of("200", "404", "503")) call("GET", base + "/items/7?status=" + status);
    call("PROPFIND", base + "/items/7");
    for (String url : List.of("http://localhost:9/closed", "http://localhost/closed")) call("GET", url); // nothing listens
    server.stop(0);
    callPostgres(System.getenv("POSTGRES_URL"));
    callRedis(System.getenv("REDIS_URL"));
  }

  private static void call(String method, String url) throws InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).method(method, HttpRequest.BodyPublishers.noBody()).build();
    try {
      CLIENT.send(request, HttpResponse.BodyHandlers.discarding());
    } catch (IOException closed) {
      System.err.println(closed);
    }
  }

  private static void callPostgres(String url) throws SQLException {
    URI server = URI.create(url);
    String database = "jdbc:postgresql://" + server.getHost() + ":" + server.getPort() + server.getPath();
    String[] user = server.getUserInfo().split(":");
    try (var connection = DriverManager.getConnection(database, user[0], user.length > 1 ? user[1] : "")) {
      try (var statement = connection.prepareStatement("SELECT ?::int AS number")) {
        statement.setInt(1, 7);
        statement.executeQuery();
      }
      try (var statement = connection.prepareStatement("SELECT nothing FROM nowhere")) {
        statement.executeQuery();
      } catch (SQLException unknown) {
        System.err.println(unknown);
      }
    }
  }

  private static void callRedis(String url) {
    try (Jedis redis = new Jedis(URI.create(url))) {
      redis.set("item:7", "pear");
      redis.get("item:7");
      redis.lpush("item:7", "plum"); // of another type
    } catch (JedisDataException wrong) {
      System.err.println(wrong);
    }
  }
}
