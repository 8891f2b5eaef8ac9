// The waterfall of a trace: a tree of spans with bars on a common scale, one row each, drawn as far as it is in view.

import { counted, duration } from "./amounts.js";
import { findingsOf, lengthOf, markOf, serviceOf } from "./data.js";
import { element } from "./elements.js";
import { grouped, rowsOf, treeOf } from "./rows.js";
import { barOf, colourClass, isInView, scale } from "./timeline.js";
import { pageLength, refresh, reveal, virtualList } from "./virtual_list.js";

const DEEPEST = 20; // levels that are indented
const STEP = 12; // pixels of a level
const NARROW = matchMedia("(max-width: 720px)");

/** Return the waterfall of a trace. `onselect(row, finding)` is called when a row is selected. */
export function waterfall(data, trace, onselect) {
  const tree = treeOf(trace);
  const findings = findingsOf(data, trace);
  const services = [...new Set(trace.spans.resource.map((each) => data.strings[data.resources[each][0]]))];
  const chart = {
    data, trace, tree, findings, services, onselect, collapsed: new Set(), rows: [], selected: -1,
    view: { from: 0, to: lengthOf(trace) }, matches: undefined, at: findingsByRow(findings),
  };
  const body = element("div", { class: "rows", role: "rowgroup" });
  chart.head = element("div", { class: "head stays" });
  chart.grid = element(
    "div",
    {
      class: "waterfall", role: "treegrid", tabindex: 0, "aria-label": "Spans of the trace", "aria-colcount": 2,
      onclick: (event) => clicked(chart, event), ondblclick: () => zoomToSelected(chart),
    },
    chart.head, body,
  );
  chart.list = virtualList(chart.grid, body, (index) => drawRow(chart, index));
  return chart;
}

/** Draw the waterfall anew, after it has come into the page or has changed. */
export function drawWaterfall(chart) {
  chart.rows = rowsOf(chart.tree, chart.findings, chart.collapsed);
  chart.grid.setAttribute("aria-rowcount", chart.rows.length);
  chart.head.replaceChildren(element("span", { class: "name" }, counted(chart.tree.depth.length, "span")), scale(chart.view));
  refresh(chart.list, chart.rows.length, NARROW.matches ? 44 : 28);
}

/** Select a row by its index, and bring it into view. */
export function selectIndex(chart, index, { quiet = false } = {}) {
  const before = chart.selected;
  chart.selected = Math.max(0, Math.min(chart.rows.length - 1, index));
  reveal(chart.list, chart.selected);
  for (const each of [before, chart.selected]) mark(chart, each);
  chart.grid.setAttribute("aria-activedescendant", `row-${chart.selected}`);
  const { row, finding } = chart.rows[chart.selected] ?? { row: -1 };
  if (!quiet) chart.onselect(row, finding);
}

/** Select the span of a row of the trace, or a placeholder of a finding; what hides it is opened. */
export function selectSpan(chart, row, finding) {
  const above = [];
  for (let each = row; each >= 0 && chart.trace.spans.up[each]; ) above.push((each -= chart.trace.spans.up[each]));
  const hiding = [...above, ...(finding?.missing ? [row] : [])].filter((each) => chart.collapsed.delete(each));
  if (hiding.length) drawWaterfall(chart);
  const wanted = finding?.missing ? finding : undefined;
  const index = chart.rows.findIndex((each) => each.row === row && each.finding === wanted);
  if (index >= 0) selectIndex(chart, index);
  return index >= 0;
}

/** Open or close the span that is selected. */
export function setOpen(chart, open) {
  const { row, parent } = chart.rows[chart.selected] ?? {};
  if (!parent || open === !chart.collapsed.has(row)) return false;
  chart.collapsed[open ? "delete" : "add"](row);
  drawWaterfall(chart);
  selectIndex(chart, chart.selected, { quiet: true });
  return true;
}

/** Select the span above the one that is selected. */
export function selectParent(chart) {
  const { row, finding } = chart.rows[chart.selected] ?? { row: -1 };
  const up = chart.trace.spans.up[row];
  if (finding ? row >= 0 : up) selectSpan(chart, finding ? row : row - up);
}

/** Move the selection by a number of rows; `page` moves it by the rows in view. */
export function moveSelection(chart, by, { page = false } = {}) {
  selectIndex(chart, chart.selected + by * (page ? pageLength(chart.list) : 1));
}

/** Show the time of the selected span only, or all time again. */
export function zoomToSelected(chart) {
  const { row } = chart.rows[chart.selected] ?? { row: -1 };
  if (row < 0) return;
  const { start, took } = chart.trace.spans;
  const size = Math.max(1, took[row]);
  setView(chart, { from: start[row] - size * 0.05, to: start[row] + size * 1.05 });
}

/** Show all of the time of the trace. */
export function showAllTime(chart) {
  setView(chart, { from: 0, to: lengthOf(chart.trace) });
}

/** Mark the rows that match a search; undefined ends the search. */
export function setMatches(chart, matches) {
  chart.matches = matches;
  drawWaterfall(chart);
}

function setView(chart, view) {
  chart.view = view;
  drawWaterfall(chart);
}

function findingsByRow(findings) {
  const rows = (each) => (each.missing ? each.mentions : [each.row, ...each.mentions]);
  return grouped(findings.flatMap((each) => rows(each).map((row) => [row, each])));
}

function clicked(chart, event) {
  const row = event.target.closest("[data-index]");
  if (!row) return;
  const index = Number(row.dataset.index);
  const toggles = event.target.closest(".twisty");
  if (toggles) {
    selectIndex(chart, index, { quiet: true });
    setOpen(chart, chart.collapsed.has(chart.rows[index].row));
  }
  selectIndex(chart, index);
}

function mark(chart, index) {
  const row = chart.list.drawn.get(index);
  row?.setAttribute("aria-selected", String(index === chart.selected));
}

function drawRow(chart, index) {
  const { row, depth, finding, parent } = chart.rows[index];
  const cells = finding ? missingCells(finding) : spanCells(chart, row, parent);
  cells[0].style.paddingInlineStart = `${8 + Math.min(depth, DEEPEST) * STEP}px`;
  const style = finding ? `missing ${markOf(finding)[1]}` : spanStyle(chart, row);
  const properties = {
    role: "row", id: `row-${index}`, class: `row ${style}`, "data-index": index, "aria-rowindex": index + 1,
    "aria-level": depth + 1, "aria-selected": String(index === chart.selected),
  };
  if (parent) properties["aria-expanded"] = String(!chart.collapsed.has(row));
  return element("div", properties, ...cells);
}

function spanStyle(chart, row) {
  const found = chart.at.get(row) ?? [];
  const worst = found.find((each) => each.clause.breaks) ?? found[0];
  const matching = chart.matches ? (chart.matches.has(row) ? "match" : "no-match") : "";
  const failed = chart.trace.spans.status[row] === 2 ? "failed" : "";
  return [worst ? markOf(worst)[1] : "", matching, failed].filter(Boolean).join(" ");
}

function spanCells(chart, row, parent) {
  const { data, trace } = chart;
  const name = data.strings[trace.spans.name[row]] || '""';
  const service = serviceOf(data, trace, row);
  const found = chart.at.get(row) ?? [];
  const marks = found.length ? [marksOf(found)] : [];
  const twisty = element("span", { class: parent ? "twisty" : "twisty leaf", "aria-hidden": "true" });
  const shown = chart.services.length > 1 ? [element("small", {}, service || "no service.name")] : [];
  const cell = element("div", { role: "gridcell", class: "name", title: name }, twisty, ...marks, element("b", {}, name), ...shown);
  return [cell, element("div", { role: "gridcell", class: "time" }, ...bar(chart, row))];
}

function marksOf(found) {
  const [mark, style] = markOf(found.find((each) => each.clause.breaks) ?? found[0]);
  const label = counted(found.length, "finding");
  return element("span", { class: `mark ${style}`, role: "img", "aria-label": label, title: label }, mark);
}

function bar(chart, row) {
  const { trace, view, services } = chart;
  const [start, took] = [trace.spans.start[row], trace.spans.took[row]];
  const ended = took !== -1;
  const length = ended ? Math.max(0, took) : lengthOf(trace) - start;
  const text = element("span", { class: "took" }, ended ? duration(took) : "never ended");
  if (!isInView(view, start, length)) return [text];
  const { left, width } = barOf(view, start, length);
  const colour = colourClass(services.indexOf(serviceOf(chart.data, trace, row)));
  const drawn = element("span", { class: `bar ${colour}${ended ? "" : " open"}` });
  drawn.style.left = `${left}%`;
  drawn.style.width = `${width}%`;
  text.style.left = `calc(${left + width}% + 6px)`;
  return [drawn, text];
}

function missingCells(finding) {
  const [mark, style] = markOf(finding);
  const name = element(
    "div", { role: "gridcell", class: "name", title: finding.message }, element("span", { class: "twisty leaf" }),
    element("span", { class: `mark ${style}`, role: "img", "aria-label": "missing" }, mark), element("b", {}, finding.message),
  );
  return [name, element("div", { role: "gridcell", class: "time" }, element("span", { class: "took" }, finding.clause.key))];
}
