package main

import (
	"context"
	"errors"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

var (
	templates = map[string]*regexp.Regexp{"session:*": regexp.MustCompile(`^session:[^:]+$`)}
	codeOf    = regexp.MustCompile(`^[A-Z]+ `) // the server's own word for an error, such as WRONGTYPE
)

type correlationKey struct{}

// tracedRedis is a client whose commands are traced as the contracts redis-command and redis-failure ask
// (docs/specification.md S2 of spanpact): the key as a template, never a value, errors by their type alone.
type tracedRedis struct{ client *redis.Client }

func newRedis(url string) (tracedRedis, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return tracedRedis{}, err
	}
	options.MaxRetries = -1 // a command is sent once
	options.DialerRetries = 1
	return tracedRedis{redis.NewClient(options)}, nil
}

func (r tracedRedis) set(ctx context.Context, key, value string, expiry time.Duration) error {
	return r.inSpan(ctx, "SET", key, func(ctx context.Context, _ trace.Span) error {
		return r.client.Set(ctx, key, value, expiry).Err()
	})
}

func (r tracedRedis) get(ctx context.Context, key string) error {
	return r.read(ctx, "GET", key, func(ctx context.Context) error { return r.client.Get(ctx, key).Err() })
}

func (r tracedRedis) hget(ctx context.Context, key, field string) error {
	return r.read(ctx, "HGET", key, func(ctx context.Context) error { return r.client.HGet(ctx, key, field).Err() })
}

// read runs a command that finds something or does not; go-redis says the latter by an error, the span by an attribute.
func (r tracedRedis) read(ctx context.Context, operation, key string, command func(context.Context) error) error {
	return r.inSpan(ctx, operation, key, func(ctx context.Context, span trace.Span) error {
		err := command(ctx)
		if missed := errors.Is(err, redis.Nil); missed || err == nil {
			span.SetAttributes(attribute.Bool("cache_hit", !missed), attribute.Bool("cache_miss", missed))
			return nil
		}
		return err
	})
}

// inSpan runs one command in a span of its own, which says how long it took and how it ended.
func (r tracedRedis) inSpan(ctx context.Context, operation, key string, command func(context.Context, trace.Span) error) error {
	host, port, _ := net.SplitHostPort(r.client.Options().Addr)
	number, _ := strconv.Atoi(port)
	correlation, _ := ctx.Value(correlationKey{}).(string)
	ctx, span := tracer.Start(ctx, "redis."+strings.ToLower(operation), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("operation", operation),
		attribute.String("db_type", "redis"),
		attribute.String("key", template(key)),
		attribute.String("connection_pool", "main"),
		attribute.String("server.address", host),
		attribute.Int("server.port", number),
		attribute.String("correlation.id", correlation),
	))
	defer span.End()
	started := time.Now()
	err := command(ctx, span)
	span.SetAttributes(attribute.Float64("latency_ms", float64(time.Since(started).Nanoseconds())/1e6))
	if err != nil {
		fail(span, err)
	}
	return err
}

// template gives what is known of a key without its values: the template that it fits.
func template(key string) string {
	if fault == "raw-key" {
		return key
	}
	for name, fits := range templates {
		if fits.MatchString(key) {
			return name
		}
	}
	return "[unregistered]"
}

// fail records why a command failed, without the message: messages of Redis repeat keys and values.
func fail(span trace.Span, err error) {
	errorType := "ConnectionError"
	if code := strings.TrimSpace(codeOf.FindString(err.Error())); code != "" {
		errorType = code
		span.SetAttributes(attribute.String("db.response.status_code", code))
	}
	span.SetAttributes(attribute.String("error.type", errorType))
	span.SetStatus(codes.Error, "")
	if fault == "message" {
		span.RecordError(err)
		return
	}
	span.AddEvent("exception", trace.WithAttributes(attribute.String("exception.type", errorType)))
}

func redisURL() string {
	if url := os.Getenv("REDIS_URL"); url != "" {
		return url
	}
	return "redis://127.0.0.1:6379"
}
