package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
)

const (
	email  = "ada@example.com"
	nobody = "redis://127.0.0.1:1" // where no server listens
)

// scenarios are those of the contracts that spanpact ships, performed on request: spanpact conform -- build/shop scenarios
var scenarios = map[string]func(context.Context, tracedRedis) error{
	"redis-get-hit": func(ctx context.Context, redis tracedRedis) error {
		if err := redis.set(ctx, "session:1", "{}", time.Minute); err != nil {
			return err
		}
		return redis.get(ctx, "session:1")
	},
	"redis-get-miss": func(ctx context.Context, redis tracedRedis) error { return redis.get(ctx, "session:none") },
	"redis-set": func(ctx context.Context, redis tracedRedis) error {
		return redis.set(ctx, "session:1", email, time.Minute)
	},
	"redis-unregistered-key": func(ctx context.Context, redis tracedRedis) error { return redis.get(ctx, "profile:"+email) },
	"redis-failing-command": func(ctx context.Context, redis tracedRedis) error {
		if err := redis.set(ctx, "session:1", "{}", time.Minute); err != nil {
			return err
		}
		redis.hget(ctx, "session:1", email) // fails: the key is no hash
		return nil
	},
	"redis-down": func(ctx context.Context, _ tracedRedis) error {
		down, err := newRedis(nobody)
		if err != nil {
			return err
		}
		defer down.client.Close()
		down.get(ctx, "session:1")
		return nil
	},
}

func answerClaims(response http.ResponseWriter, _ *http.Request) {
	names := []string{}
	for name := range scenarios {
		names = append(names, name)
	}
	json.NewEncoder(response).Encode(map[string]any{"name": "go-example", "scenarios": names})
}

func answerPerformed(response http.ResponseWriter, request *http.Request) {
	perform, known := scenarios[request.PathValue("name")]
	if !known {
		http.NotFound(response, request)
		return
	}
	redis, err := newRedis(redisURL())
	if err == nil {
		defer redis.client.Close()
		err = perform(context.WithValue(request.Context(), correlationKey{}, rand.Text()), redis)
	}
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	id := trace.SpanContextFromContext(request.Context()).TraceID() // of the span that otelhttp made
	json.NewEncoder(response).Encode(map[string][]string{"traces": {id.String()}})
}

// serveScenarios answers until SIGTERM.
func serveScenarios() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /scenarios", answerClaims)
	mux.HandleFunc("POST /scenarios/{name}", answerPerformed)
	server := http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: otelhttp.NewHandler(mux, "scenarios")}
	stopped, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	go func() {
		<-stopped.Done()
		server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
}
