// A Redis client whose commands are traced as the contracts redis-command and redis-failure ask
// (docs/specification.md S2 of spanpact): the key as a template, never a value, errors by their type alone.
import { context, createContextKey, SpanKind, SpanStatusCode, trace, type Context, type Span } from "@opentelemetry/api";
import { createClient } from "redis";

const TEMPLATES = ["session:*"];
const CORRELATION_ID = createContextKey("correlation.id");
const tracer = trace.getTracer("redis");

export type Redis = Awaited<ReturnType<typeof connect>>;

/** Connect to Redis once: where it is down, that is an error of the first command. */
export async function connect(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => undefined); // each command reports it
  return client;
}

/** Return a context in which every span of Redis has this id. */
export function withCorrelationId(id: string, within: Context = context.active()): Context {
  return within.setValue(CORRELATION_ID, id);
}

export function get(client: Redis, key: string): Promise<string | null> {
  return inSpan(client, "GET", key, async (span) => {
    const value = await client.get(key);
    span.setAttributes({ cache_hit: value !== null, cache_miss: value === null });
    return value;
  });
}

export function set(client: Redis, key: string, value: string, seconds: number): Promise<void> {
  return inSpan(client, "SET", key, async () => void (await client.set(key, value, { EX: seconds })));
}

export function hget(client: Redis, key: string, field: string): Promise<string | null> {
  return inSpan(client, "HGET", key, async (span) => {
    const value = await client.hGet(key, field);
    span.setAttributes({ cache_hit: value !== null, cache_miss: value === null });
    return value;
  });
}

/** Run one command in a span of its own, which says how long it took and how it ended. */
async function inSpan<T>(client: Redis, operation: string, key: string, command: (span: Span) => Promise<T>): Promise<T> {
  const { hostname, port } = new URL(client.options.url!);
  const attributes = {
    operation,
    db_type: "redis",
    key: process.env.BREAK === "raw-key" ? key : template(key),
    connection_pool: "main",
    "server.address": hostname,
    "server.port": Number(port),
    "correlation.id": context.active().getValue(CORRELATION_ID) as string,
  };
  return tracer.startActiveSpan(`redis.${operation.toLowerCase()}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const started = performance.now();
    try {
      if (!client.isOpen) await client.connect();
      return await command(span);
    } catch (error) {
      fail(span, error as Error);
      throw error;
    } finally {
      span.setAttribute("latency_ms", performance.now() - started);
      span.end();
    }
  });
}

/** Return what is known of a key without its values: the template that it fits. */
function template(key: string): string {
  const fits = (each: string) => new RegExp(`^${each.replaceAll("*", "[^:]+")}$`).test(key);
  return TEMPLATES.find(fits) ?? "[unregistered]";
}

/** Record why a command failed, without the message: messages of Redis repeat keys and values. */
function fail(span: Span, error: Error): void {
  const code = /^[A-Z]+(?= )/.exec(error.message)?.[0]; // the server's own word, such as WRONGTYPE
  const type = code ?? (error.name === "Error" ? "ConnectionError" : error.name);
  span.setAttribute("error.type", type);
  if (code) span.setAttribute("db.response.status_code", code);
  if (process.env.BREAK === "message") span.recordException(error);
  else span.addEvent("exception", { "exception.type": type });
  span.setStatus({ code: SpanStatusCode.ERROR });
}
