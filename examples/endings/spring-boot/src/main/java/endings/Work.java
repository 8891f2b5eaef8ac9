package endings;

import io.micrometer.tracing.Tracer;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Ten spans by Spring Boot's own starter for OpenTelemetry. */
@SpringBootApplication
public class Work {
    public static void main(String[] arguments) throws InterruptedException {
        var context = SpringApplication.run(Work.class, arguments);
        var tracer = context.getBean(Tracer.class);
        for (int i = 0; i < 10; i++) {
            tracer.nextSpan().name("work").start().end();
        }
        switch (System.getenv("ENDING")) {
            case "wait" -> {
                System.out.println("ready");
                Thread.sleep(60_000);
            }
            case "flush" -> context.close();
            default -> System.exit(0);
        }
    }
}
