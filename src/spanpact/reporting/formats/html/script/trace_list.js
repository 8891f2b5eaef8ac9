// The list of traces in the report: those with findings first, as the page's data has them.

import { addressOf } from "./address.js";
import { counted, duration } from "./amounts.js";
import { findingsOf, lengthOf, markOf, traceHas } from "./data.js";
import { element } from "./elements.js";
import { refresh, virtualList } from "./virtual_list.js";

const HEIGHT = 36;

/** Return the list of traces; undefined if the page has no place for it. */
export function traceList(data) {
  const place = document.getElementById("trace-list");
  if (!place) return undefined;
  const body = element("div", { class: "rows", role: "list" });
  const count = element("p", { class: "shown", "aria-live": "polite" });
  const scroller = element("div", { class: "trace-rows", tabindex: 0, role: "region", "aria-label": "List of traces" }, body);
  place.append(count, scroller);
  const list = { data, shown: data.traces, count, scroller };
  list.rows = virtualList(scroller, body, (index) => traceRow(data, list.shown[index]));
  return list;
}

/** Show the traces that have one of these texts, or all of them; with `level` only those with such findings. */
export function filterTraces(list, texts, level) {
  const { data } = list;
  list.shown = data.traces.filter((trace) => (!texts || traceHas(data, trace, texts)) && hasLevel(data, trace, level));
  const all = list.shown.length === data.traces.length;
  list.count.textContent = all ? counted(data.traces.length, "trace") : `${list.shown.length} of ${counted(data.traces.length, "trace")}`;
  list.scroller.style.height = `${Math.max(1, list.shown.length) * HEIGHT + 2}px`;
  list.scroller.hidden = list.shown.length === 0;
  refresh(list.rows, list.shown.length, HEIGHT);
}

function hasLevel(data, trace, level) {
  return !level || findingsOf(data, trace).some((each) => markOf(each)[1] === level);
}

function traceRow(data, trace) {
  const findings = findingsOf(data, trace);
  const worst = findings.find((each) => each.clause.breaks) ?? findings[0];
  const [mark, style] = worst ? markOf(worst) : ["·", "none"];
  const scenario = data.strings[trace.scenario];
  return element(
    "div", { role: "listitem", class: "trace-row" },
    element(
      "a", { href: addressOf(data.strings[trace.id]) },
      element("span", { class: `mark ${style}`, "aria-hidden": "true" }, mark), element("b", {}, trace.title),
      scenario ? element("small", { class: "scenario" }, scenario) : "",
      element("span", { class: "number" }, findings.length ? counted(findings.length, "finding") : "no findings"),
      element("span", { class: "number" }, counted(trace.spans.name.length, "span")),
      element("span", { class: "number" }, duration(lengthOf(trace))),
      element("code", { class: "id" }, data.strings[trace.id]),
    ),
  );
}
