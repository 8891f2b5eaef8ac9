// The page of one trace, over the report: its waterfall, and beside it what is selected.

import { addressOf, replaceAddress } from "./address.js";
import { counted, duration } from "./amounts.js";
import { findingsOf, lengthOf, markOf, matchingTexts, serviceOf, spanHas } from "./data.js";
import { button, element, facts, webLink } from "./elements.js";
import { findingCards, spanDetails } from "./span_details.js";
import { colourClass } from "./timeline.js";
import { drawWaterfall, selectIndex, selectSpan, setMatches, showAllTime, waterfall, zoomToSelected } from "./waterfall.js";

/** Open the page of a trace in place of an open one, at a finding or a span. Return the page. */
export function openTrace(data, trace, { finding, span, onclose }) {
  document.getElementById("trace-page")?.remove();
  const page = { data, trace, findings: findingsOf(data, trace), finding: -1, matches: [] };
  page.chart = waterfall(data, trace, (row, missing) => showSelected(page, row, missing));
  page.side = element("aside", { class: "side", "aria-label": "Selected span", "aria-live": "polite", tabindex: 0 });
  page.element = element(
    "section", { id: "trace-page", "aria-label": `Trace ${data.strings[trace.id]}` },
    head(page, onclose), tools(page), element("div", { class: "panes" }, page.chart.grid, page.side),
  );
  document.body.append(page.element);
  drawWaterfall(page.chart);
  page.chart.grid.focus({ preventScroll: true });
  begin(page, finding, span);
  return page;
}

/** Take the page of a trace away. */
export function closeTrace() {
  document.getElementById("trace-page")?.remove();
}

/** Show the next finding of the trace, or the one before. */
export function stepFinding(page, by) {
  const { length } = page.findings;
  if (length) showFinding(page, (page.finding + by + length) % length);
}

/** Go to the next span that the search has found, or to the one before. */
export function stepMatch(page, by) {
  const { matches, chart } = page;
  if (!matches.length) return;
  const at = chart.rows[chart.selected]?.row ?? -1;
  const ahead = by > 0 ? matches.find((row) => row > at) : matches.findLast((row) => row < at);
  selectSpan(chart, ahead ?? matches.at(by > 0 ? 0 : -1));
  countMatches(page);
}

function begin(page, finding, span) {
  const row = span === undefined ? -1 : page.trace.spans.id.findIndex((each) => page.data.strings[each] === span);
  if (finding !== undefined && page.findings[finding]) showFinding(page, finding);
  else if (row >= 0) selectSpan(page.chart, row);
  else if (page.findings.length) showFinding(page, 0);
  else {
    selectIndex(page.chart, 0, { quiet: true });
    showOverview(page);
  }
}

function showFinding(page, number) {
  const finding = page.findings[number];
  page.finding = number;
  if (!selectSpan(page.chart, finding.row, finding)) showOverview(page);
  page.side.querySelector(`[data-finding="${number}"]`)?.scrollIntoView({ block: "nearest" });
  replaceAddress(addressOf(page.data.strings[page.trace.id], { finding: number }));
  const at = page.element.querySelector(".at");
  if (at) at.textContent = `${number + 1} of ${page.findings.length}`;
}

function showSelected(page, row, missing) {
  const { data, trace, findings } = page;
  const here = missing ? [missing] : findings.filter((each) => each.row === row && !each.missing);
  const mentions = findings.filter((each) => each.mentions.includes(row) && !missing);
  const shown = missing
    ? [element("h2", {}, "No such span"), ...findingCards(here)]
    : spanDetails(data, trace, row, here, mentions, (each) => showFinding(page, each.number));
  page.side.replaceChildren(...shown);
  page.side.scrollTop = 0;
  if (here.length) page.finding = here[0].number;
  const rest = missing ? { finding: missing.number } : { span: data.strings[trace.spans.id[row]] };
  replaceAddress(addressOf(data.strings[trace.id], rest));
}

function showOverview(page) {
  const { data, trace, chart, findings } = page;
  const text = (name) => data.strings[trace[name]];
  page.side.replaceChildren(
    element("h2", {}, "The whole trace"),
    ...findingCards(findings.filter((each) => each.row < 0 && !each.missing)),
    facts([
      ["trace id", element("code", {}, text("id"))], ["started", text("start")], ["duration", duration(lengthOf(trace))],
      ["spans", counted(trace.spans.name.length, "span")],
      ["not here", trace.left_out ? `${counted(trace.left_out, "span")} not in this file` : ""],
      ["copies", trace.copies ? `${counted(trace.copies, "further span")} with the id of another` : ""],
      ["scenario", text("scenario")], ["complete", trace.complete ? "" : "no, more spans may have come"],
    ]),
    legend(chart),
  );
}

function legend(chart) {
  const counts = new Map(chart.services.map((each) => [each, 0]));
  chart.trace.spans.resource.forEach((_, row) => {
    const service = serviceOf(chart.data, chart.trace, row);
    counts.set(service, counts.get(service) + 1);
  });
  const items = [...counts].map(([service, number], index) =>
    element(
      "li", {}, element("span", { class: `swatch ${colourClass(index)}`, "aria-hidden": "true" }),
      service || "no service.name", element("small", {}, counted(number, "span")),
    ),
  );
  return element("ul", { class: "legend", "aria-label": "Services" }, ...items);
}

function head(page, onclose) {
  const { data, trace, findings } = page;
  const id = element("code", { class: "id" }, data.strings[trace.id]);
  const about = [duration(lengthOf(trace)), counted(trace.spans.name.length, "span")];
  if (trace.scenario) about.push(`scenario ${data.strings[trace.scenario]}`);
  if (!trace.complete) about.push("incomplete");
  const worst = findings.find((each) => each.clause.breaks) ?? findings[0];
  const mark = worst ? element("span", { class: `mark ${markOf(worst)[1]}`, "aria-hidden": "true" }, markOf(worst)[0]) : "";
  const next = data.traces[trace.number + 1];
  const before = data.traces[trace.number - 1];
  const step = (text, label, to) => {
    const go = () => location.assign(addressOf(data.strings[to.id]));
    return button(text, label, go, { class: "step", disabled: !to });
  };
  return element(
    "header", { class: "trace-head" }, button("← Report", "Back to the report (Esc)", onclose, { class: "back" }),
    element("h1", {}, mark, trace.title),
    element("p", { class: "about" }, about.join(" · "), " ", webLink(data.strings[trace.link], id) ?? id),
    element("nav", { "aria-label": "Traces" }, step("‹", "Trace before ([)", before), step("›", "Next trace (])", next)),
  );
}

function tools(page) {
  const input = element("input", {
    type: "search", placeholder: "Find spans: name, service, attribute…  /", "aria-label": "Find spans",
    oninput: () => search(page, input.value.trim()),
    onkeydown: (event) => event.key === "Enter" && stepMatch(page, event.shiftKey ? -1 : 1),
  });
  page.search = element("output", { class: "found", "aria-live": "polite" });
  const { length } = page.findings;
  const findings = length
    ? [
        element("span", { class: "label" }, counted(length, "finding")),
        button("‹", "Finding before (p)", () => stepFinding(page, -1)), element("span", { class: "at" }),
        button("›", "Next finding (n)", () => stepFinding(page, 1)),
      ]
    : [element("span", { class: "label" }, "no findings")];
  return element(
    "div", { class: "tools" }, element("div", { class: "steps", role: "group", "aria-label": "Findings" }, ...findings),
    element("div", { class: "search" }, input, page.search),
    element(
      "div", { class: "zoom", role: "group", "aria-label": "Time" },
      button("Zoom to span", "Zoom to the selected span (z)", () => zoomToSelected(page.chart)),
      button("All time", "Show all time (0)", () => showAllTime(page.chart)),
      button("Trace", "About the whole trace", () => showOverview(page)),
    ),
  );
}

function search(page, query) {
  const texts = query ? matchingTexts(page.data, query) : undefined;
  const rows = page.trace.spans.name.map((_, row) => row);
  page.matches = texts ? rows.filter((row) => spanHas(page.data, page.trace, row, texts)) : [];
  setMatches(page.chart, texts && new Set(page.matches));
  page.search.textContent = texts ? counted(page.matches.length, "span") : "";
}

function countMatches(page) {
  const at = page.matches.indexOf(page.chart.rows[page.chart.selected]?.row);
  page.search.textContent = `${at + 1} of ${page.matches.length}`;
}
