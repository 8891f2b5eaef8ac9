// What is known of a span, beside the waterfall: its findings with their clauses, then its attributes, events, logs and links.

import { addressOf } from "./address.js";
import { duration } from "./amounts.js";
import { KINDS, STATUSES, detailsOf, markOf, pairs, serviceOf } from "./data.js";
import { button, element, facts } from "./elements.js";

const MOST_FINDINGS = 50;

/** Return the details of a span. `findings` are those at the span, `mentions` those that name it too. */
export function spanDetails(data, trace, row, findings, mentions, select) {
  const { spans } = trace;
  const details = detailsOf(data, trace, row);
  const status = STATUSES[spans.status[row]];
  return [
    element("h2", {}, data.strings[spans.name[row]] || '""'),
    ...findingCards(findings),
    ...mentions.map((each) => mention(each, select)),
    facts([
      ["service", serviceOf(data, trace, row) || "no service.name"],
      ["kind", KINDS[spans.kind[row]]],
      ["status", details?.status ? `${status}: ${details.status}` : status],
      ["start", `+${duration(spans.start[row])}`],
      ["duration", spans.took[row] === -1 ? "never ended" : duration(spans.took[row])],
      ["span id", element("code", {}, data.strings[spans.id[row]])],
      ["parent id", details?.parent ? parent(details.parent, spans.up[row]) : "none"],
      ["scope", details?.scope ?? ""],
    ]),
    ...(details ? contents(data, details, deciding(findings)) : [element("p", { class: "left-out" }, "Its attributes are not in this file.")]),
    ...table("Resource", pairs(data, data.resources[spans.resource[row]][1])),
  ];
}

/** Return findings as cards: message, expected and observed, the nearest match, and the lines of the contract. */
export function findingCards(findings) {
  const left = findings.length - MOST_FINDINGS;
  const more = left > 0 ? [element("p", { class: "left-out" }, `and ${left} more findings here`)] : [];
  return [...findings.slice(0, MOST_FINDINGS).map(findingCard), ...more];
}

function findingCard(finding) {
  const { clause } = finding;
  const [mark, style] = markOf(finding);
  const level = clause.pending ? "pending" : clause.level;
  return element(
    "article",
    { class: `finding ${style}`, "data-finding": finding.number },
    element(
      "h3", {},
      element("span", { class: "mark", "aria-hidden": "true" }, mark), element("code", {}, clause.key),
      clause.breaks ? "" : element("span", { class: "level" }, level),
    ),
    element("p", { class: "message" }, finding.message),
    facts([
      ["expected", finding.expected], ["observed", finding.observed], ["condition", clause.condition],
      ["pending", clause.pending], ["hint", finding.hint], ["contract", clause.contract],
    ]),
    clause.place ? place(clause) : "",
    clause.excerpt.length ? excerpt(clause) : "",
  );
}

function place(clause) {
  const keyword = clause.keyword ? [" ", element("span", {}, `(${clause.keyword})`)] : [];
  return element("p", { class: "place" }, element("code", {}, clause.place), ...keyword);
}

function excerpt(clause) {
  const lines = clause.excerpt.map(({ number, text }) =>
    element(
      number === clause.line ? "mark" : "span", {},
      element("span", { class: "number", "aria-hidden": "true" }, String(number)), text || " ",
    ),
  );
  return element("pre", { class: "excerpt", tabindex: 0, role: "region", "aria-label": `lines of ${clause.place}` }, ...lines);
}

function mention(finding, select) {
  const [mark, style] = markOf(finding);
  const what = finding.missing ? "found here" : "this span too";
  return element(
    "p", { class: `mention ${style}` }, element("span", { class: "mark", "aria-hidden": "true" }, mark),
    button(`${finding.clause.key}: ${what}`, `${finding.clause.key}: ${what}`, () => select(finding)),
  );
}

function parent(id, up) {
  return element("span", {}, element("code", {}, id), up ? "" : " is not in the trace");
}

function deciding(findings) {
  return new Set(findings.map(({ clause }) => clause.keyword.replace(/^attributes\./, "")));
}

function contents(data, { attributes, events, links, logs }, named) {
  const known = new Set(data.traces.map((trace) => data.strings[trace.id]));
  const linked = links.map(({ traceId, spanId }) => [
    known.has(traceId) ? element("a", { href: addressOf(traceId, { span: spanId }) }, traceId) : traceId, spanId,
  ]);
  return [
    ...table("Attributes", attributes, named), ...table("Events", events.map(moment)), ...table("Logs", logs.map(moment)),
    ...table("Links", linked),
  ];
}

function moment({ at, name, text = "", attributes }) {
  const values = attributes.map(([key, value]) => `${key}=${value}`);
  return [at < 0 ? name : `${name} +${duration(at)}`, [text, ...values].filter(Boolean).join("  ")];
}

function table(title, rows, named = new Set()) {
  if (!rows.length) return [];
  const lines = rows.map(([name, value]) =>
    element("tr", { class: named.has(name) && "named" }, element("th", { scope: "row" }, name), element("td", {}, value)),
  );
  return [element("h3", {}, title), element("table", { class: "attributes" }, element("tbody", {}, ...lines))];
}
