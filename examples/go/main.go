// A shop with two endpoints, and the load that calls it: otelhttp traces server and client, otelslog sends the log
// records. BREAK plants a fault (see README.md).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const atOnce = 4

var (
	fault  = os.Getenv("BREAK")
	tracer = otel.Tracer("shop")
	client = http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport), Timeout: 30 * time.Second}
	orders = make(chan propagation.MapCarrier, 1000)

	errDeclined = errors.New("the card was declined")
)

func loadCart(ctx context.Context) {
	_, span := tracer.Start(ctx, "cart.load")
	defer span.End()
	span.SetAttributes(attribute.Int("cart.items", 3))
}

func askForPrice(ctx context.Context, host, order string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/price?item="+order, nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(string(body), 64)
}

func reserve(ctx context.Context) {
	if fault == "lost-context" {
		ctx = context.Background()
	}
	_, span := tracer.Start(ctx, "stock.reserve")
	defer span.End()
	time.Sleep(time.Millisecond)
}

func charge(ctx context.Context, order int, amount float64) error {
	_, span := tracer.Start(ctx, "payment.charge", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	span.SetAttributes(attribute.Float64("payment.amount", amount))
	if order%10 != 0 {
		return nil
	}
	span.SetAttributes(attribute.String("error.type", "declined"))
	span.RecordError(errDeclined)
	if fault != "missing-status" {
		span.SetStatus(codes.Error, "declined")
	}
	return errDeclined
}

func publish(ctx context.Context, order int) {
	if fault != "missing-span" {
		var span trace.Span
		ctx, span = tracer.Start(ctx, "send orders", trace.WithSpanKind(trace.SpanKindProducer))
		defer span.End()
		span.SetAttributes(attribute.String("messaging.system", "channel"), attribute.String("messaging.destination.name", "orders"))
		if fault == "email" {
			span.SetAttributes(attribute.String("messaging.message.body", fmt.Sprintf(`{"order": %d, "to": "ada@example.com"}`, order)))
		}
	}
	message := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, message)
	orders <- message
}

// processOrders does what another service would: later than the request, in the context of its message.
func processOrders() {
	for message := range orders {
		ctx := otel.GetTextMapPropagator().Extract(context.Background(), message)
		_, span := tracer.Start(ctx, "process orders", trace.WithSpanKind(trace.SpanKindConsumer))
		time.Sleep(time.Millisecond)
		span.End()
	}
}

func checkout(response http.ResponseWriter, request *http.Request) {
	ctx, order := request.Context(), request.URL.Query().Get("order")
	number, _ := strconv.Atoi(order)
	loadCart(ctx)
	var reserved sync.WaitGroup
	reserved.Go(func() { reserve(ctx) })
	amount, err := askForPrice(ctx, request.Host, order)
	reserved.Wait()
	if fault == "wrong-order" {
		publish(ctx, number) // before anybody has paid
	}
	if err == nil {
		err = charge(ctx, number, amount)
	}
	if err != nil {
		slog.WarnContext(ctx, "order refused", "order", number)
		response.WriteHeader(http.StatusPaymentRequired)
		return
	}
	if fault != "wrong-order" {
		publish(ctx, number)
	}
	slog.InfoContext(ctx, "order placed", "order", number)
}

func price(response http.ResponseWriter, _ *http.Request) {
	io.WriteString(response, "12.5")
}

func main() {
	flush := startTelemetry(context.Background())
	defer flush()
	if len(os.Args) > 1 && os.Args[1] == "scenarios" {
		serveScenarios()
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkout", checkout)
	mux.HandleFunc("GET /price", price)
	server := httptest.NewServer(otelhttp.NewHandler(mux, "shop"))
	var consumer, customers sync.WaitGroup
	consumer.Go(processOrders)

	flows, err := strconv.Atoi(os.Getenv("FLOWS"))
	if err != nil {
		flows = 500
	}
	for customer := range atOnce {
		customers.Go(func() {
			for order := customer + 1; order <= flows; order += atOnce {
				if response, err := http.Get(fmt.Sprintf("%s/checkout?order=%d", server.URL, order)); err == nil {
					response.Body.Close()
				}
			}
		})
	}
	customers.Wait()
	server.Close()
	close(orders)
	consumer.Wait()
}
