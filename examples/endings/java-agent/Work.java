import io.opentelemetry.api.GlobalOpenTelemetry;

/** Ten spans by the agent. Its flush belongs to a shutdown hook, so that a program has nothing to call. */
public class Work {
    public static void main(String[] arguments) throws InterruptedException {
        var tracer = GlobalOpenTelemetry.getTracer("endings");
        for (int i = 0; i < 10; i++) {
            tracer.spanBuilder("work").startSpan().end();
        }
        if (System.getenv("ENDING").equals("wait")) {
            System.out.println("ready");
            Thread.sleep(60_000);
        }
    }
}
