// Puts the parts of the page together: what the address asks for, and what the keyboard does.

import { addressOf, readAddress } from "./address.js";
import { readData } from "./data.js";
import { button } from "./elements.js";
import { helpDialog, switchTheme } from "./help.js";
import { addFilter } from "./report_filter.js";
import { traceList } from "./trace_list.js";
import { closeTrace, openTrace, stepFinding } from "./trace_page.js";
import { moveSelection, selectIndex, selectParent, setOpen, showAllTime, zoomToSelected } from "./waterfall.js";

const data = readData();
const report = document.getElementById("report");
const dialog = helpDialog();
const filter = addFilter(data, traceList(data), [
  button("◐", "Dark or light (d)", switchTheme), button("?", "Keyboard (?)", () => dialog.showModal()),
]);
const title = document.title;
let page;
let left; // what had the focus when a trace was opened

const ROW_KEYS = {
  ArrowDown: () => moveSelection(page.chart, 1),
  ArrowUp: () => moveSelection(page.chart, -1),
  j: () => moveSelection(page.chart, 1),
  k: () => moveSelection(page.chart, -1),
  PageDown: () => moveSelection(page.chart, 1, { page: true }),
  PageUp: () => moveSelection(page.chart, -1, { page: true }),
  Home: () => selectIndex(page.chart, 0),
  End: () => selectIndex(page.chart, page.chart.rows.length - 1),
  ArrowRight: () => setOpen(page.chart, true) || moveSelection(page.chart, 1),
  ArrowLeft: () => setOpen(page.chart, false) || selectParent(page.chart),
};
const TRACE_KEYS = {
  n: () => stepFinding(page, 1),
  p: () => stepFinding(page, -1),
  "]": () => stepTrace(1),
  "[": () => stepTrace(-1),
  z: () => zoomToSelected(page.chart),
  0: () => showAllTime(page.chart),
};
const KEYS = {
  "/": () => (page?.element ?? document).querySelector("input[type=search]").focus(),
  "?": () => dialog.showModal(),
  d: switchTheme,
};

addEventListener("hashchange", show);
addEventListener("keydown", pressed);
show();

function show() {
  const { trace: id, span, finding } = readAddress();
  const trace = id === undefined ? undefined : data.traces.find((each) => data.strings[each.id] === id);
  if (!trace) {
    leave();
    return;
  }
  left ??= document.activeElement;
  page = openTrace(data, trace, { finding, span, onclose: back });
  report.inert = true;
  document.documentElement.classList.add("in-trace");
  document.title = `${trace.title} – spanpact`;
}

function leave() {
  if (!page) return;
  closeTrace();
  page = undefined;
  report.inert = false;
  document.documentElement.classList.remove("in-trace");
  document.title = title;
  left?.focus({ preventScroll: true });
  left = undefined;
}

function back() {
  history.pushState(undefined, "", location.pathname + location.search);
  leave();
}

function stepTrace(by) {
  const next = data.traces[page.trace.number + by];
  if (next) location.assign(addressOf(data.strings[next.id]));
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  const typing = event.target.matches("input");
  if (event.key === "Escape") escape(event, typing);
  else if (!typing) act(event);
}

function escape(event, typing) {
  if (typing) {
    event.target.value = "";
    event.target.dispatchEvent(new Event("input"));
    event.target.blur();
    page?.chart.grid.focus();
  } else if (page) back();
}

function act(event) {
  const inRows = page && (event.target === page.chart.grid || event.target === document.body);
  const action = (inRows && ROW_KEYS[event.key]) || (page && TRACE_KEYS[event.key]) || KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}
