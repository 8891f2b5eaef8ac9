// Scenarios of the contracts that spanpact ships, performed on request: `spanpact conform -- npm run scenarios`.
//   GET  /scenarios         which ones this service can perform
//   POST /scenarios/NAME    performs one, and answers with the id of its trace
import { randomUUID } from "node:crypto";
import http from "node:http";
import { context, trace } from "@opentelemetry/api";
import * as redis from "./redis";

const EMAIL = "ada@example.com";
const URL = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
const NOBODY = "redis://127.0.0.1:1"; // where no server listens

const scenarios: Record<string, (client: redis.Redis) => Promise<unknown>> = {
  "redis-get-hit": async (client) => {
    await redis.set(client, "session:1", "{}", 60);
    await redis.get(client, "session:1");
  },
  "redis-get-miss": (client) => redis.get(client, "session:none"),
  "redis-set": (client) => redis.set(client, "session:1", EMAIL, 60),
  "redis-unregistered-key": (client) => redis.get(client, `profile:${EMAIL}`),
  "redis-failing-command": async (client) => {
    await redis.set(client, "session:1", "{}", 60);
    await redis.hget(client, "session:1", EMAIL).catch(() => undefined); // the key is no hash
  },
  "redis-down": async () => redis.get(await redis.connect(NOBODY), "session:1").catch(() => undefined),
};

async function perform(name: string): Promise<string> {
  const client = await redis.connect(URL);
  try {
    await context.with(redis.withCorrelationId(randomUUID()), () => scenarios[name](client));
  } finally {
    if (client.isOpen) await client.close();
  }
  return trace.getActiveSpan()!.spanContext().traceId; // of the span that the request has
}

const server = http.createServer(async (request, response) => {
  const name = request.url!.replace("/scenarios", "").slice(1);
  try {
    if (name === "") response.end(JSON.stringify({ name: "node-example", scenarios: Object.keys(scenarios) }));
    else if (name in scenarios) response.end(JSON.stringify({ traces: [await perform(name)] }));
    else response.writeHead(404).end();
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(Number(process.env.PORT), "127.0.0.1");
