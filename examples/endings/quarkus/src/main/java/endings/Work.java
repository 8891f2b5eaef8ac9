package endings;

import io.opentelemetry.api.trace.Tracer;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import jakarta.inject.Inject;

/** Ten spans by Quarkus' extension for OpenTelemetry. */
@QuarkusMain
public class Work implements QuarkusApplication {
    @Inject
    Tracer tracer;

    @Override
    public int run(String... arguments) throws InterruptedException {
        for (int i = 0; i < 10; i++) {
            tracer.spanBuilder("work").startSpan().end();
        }
        switch (System.getenv("ENDING")) {
            case "wait" -> {
                System.out.println("ready");
                Thread.sleep(60_000);
            }
            case "return" -> System.exit(0);
            default -> { } // Quarkus shuts its SDK down when this method returns
        }
        return 0;
    }
}
