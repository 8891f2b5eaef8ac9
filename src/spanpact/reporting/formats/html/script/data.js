// The data of the page: texts are numbers of `strings`, a trace has a column for each property of its spans.

export const KINDS = ["internal", "client", "server", "producer", "consumer", "unspecified"];
export const STATUSES = ["unset", "ok", "error"];

const [CLAUSE, ROW, MESSAGE, EXPECTED, OBSERVED, HINT, MENTIONS, MISSING] = [0, 1, 2, 3, 4, 5, 6, 7];

/** Return the data that the page holds. */
export function readData() {
  const data = JSON.parse(document.getElementById("data").textContent);
  data.traces.forEach((trace, number) => Object.assign(trace, { number, title: titleOf(data, trace) }));
  return data;
}

/** Return the findings of a trace, with their texts and clauses. `row` is -1 for one of the whole trace. */
export function findingsOf(data, trace) {
  trace.read ??= trace.findings.map((each, number) => ({
    number,
    row: each[ROW],
    mentions: each[MENTIONS],
    missing: each[MISSING] === 1,
    message: data.strings[each[MESSAGE]],
    expected: data.strings[each[EXPECTED]],
    observed: data.strings[each[OBSERVED]],
    hint: data.strings[each[HINT]],
    clause: clauseOf(data, each[CLAUSE]),
  }));
  return trace.read;
}

/** Return the mark of a finding and the style of its level. */
export function markOf(finding) {
  if (finding.clause.breaks) return ["✗", "violation"];
  if (finding.clause.pending) return ["!", "pending"];
  return finding.clause.level === "information" ? ["i", "information"] : ["!", "improvement"];
}

/** Return the longest end of a span of a trace, in nanoseconds since its first start. */
export function lengthOf(trace) {
  const { start, took } = trace.spans;
  return start.reduce((longest, begin, row) => Math.max(longest, begin + Math.max(0, took[row])), 1);
}

/** Return the service of a span. */
export function serviceOf(data, trace, row) {
  return data.strings[data.resources[trace.spans.resource[row]][0]];
}

/** Return a span's attributes, events, links and log records; undefined if the page does not hold them. */
export function detailsOf(data, trace, row) {
  const held = trace.details[row];
  if (!held) return undefined;
  const [parent = 0, status = 0, scope = 0, attributes = [], events = [], links = [], logs = []] = held;
  const text = (number) => data.strings[number];
  return {
    parent: text(parent),
    status: text(status),
    scope: text(scope),
    attributes: pairs(data, attributes),
    events: events.map(([at, name, list]) => ({ at, name: text(name), attributes: pairs(data, list) })),
    links: links.map(([traceId, spanId]) => ({ traceId: text(traceId), spanId: text(spanId) })),
    logs: logs.map(([at, severity, body, list]) => ({
      at, name: text(severity) || "log", text: text(body), attributes: pairs(data, list),
    })),
  };
}

/** Return names and values as pairs of texts. */
export function pairs(data, list) {
  const found = [];
  for (let i = 0; i < list.length; i += 2) found.push([data.strings[list[i]], data.strings[list[i + 1]]]);
  return found;
}

/** Return the numbers of all texts that contain a query, whatever their case. */
export function matchingTexts(data, query) {
  const wanted = query.toLowerCase();
  data.lower ??= data.strings.map((each) => each.toLowerCase());
  return new Set(data.lower.flatMap((each, number) => (each.includes(wanted) ? [number] : [])));
}

/** Return whether a span has one of these texts, in its name, id, service, attributes, events or links. */
export function spanHas(data, trace, row, texts) {
  const { name, id, resource } = trace.spans;
  const own = texts.has(name[row]) || texts.has(id[row]) || texts.has(data.resources[resource[row]][0]);
  return own || (trace.details[row]?.flat(3).some((number) => texts.has(number)) ?? false);
}

/** Return whether a trace, one of its spans or findings has one of these texts. */
export function traceHas(data, trace, texts) {
  if (texts.has(trace.id) || texts.has(trace.scenario)) return true;
  if (trace.findings.some((each) => texts.has(each[MESSAGE]) || texts.has(data.clauses[each[CLAUSE]].key))) return true;
  return trace.spans.name.some((_, row) => spanHas(data, trace, row, texts));
}

function clauseOf(data, number) {
  const clause = data.clauses[number];
  if (!clause.text) {
    const text = (name) => data.strings[clause[name]];
    const [first = 0, ...lines] = clause.excerpt;
    clause.text = {
      ...clause,
      contract: text("contract"), key: text("key"), keyword: text("keyword"), place: text("place"),
      condition: text("condition"), pending: text("pending"),
      excerpt: lines.map((each, index) => ({ number: first + index, text: data.strings[each] })),
    };
  }
  return clause.text;
}

function titleOf(data, trace) {
  return data.strings[trace.spans.name[0]] || "no spans";
}
