// The bar at the top of the report: search, and a choice of what findings do to the verdict.

import { button, element } from "./elements.js";
import { matchingTexts } from "./data.js";
import { filterTraces } from "./trace_list.js";

const LEVELS = [["", "All"], ["violation", "Violations"], ["pending", "Pending"], ["improvement", "Improvements"], ["information", "Information"]];

/** Put the bar into the report. Return its search field. */
export function addFilter(data, list, help) {
  const state = { data, list, level: "", query: "" };
  const input = element("input", {
    type: "search", placeholder: "Search findings, contracts, traces…  /", "aria-label": "Search the report",
    oninput: () => apply(Object.assign(state, { query: input.value.trim() })),
  });
  const present = LEVELS.filter(([level]) => !level || document.querySelector(`.kind[data-level="${level}"]`));
  const choices = present.map(([level, label]) =>
    button(label, label, () => choose(state, level), { "aria-pressed": String(level === ""), "data-choice": level }),
  );
  state.none = element("p", { class: "nothing", hidden: true, role: "status" }, "Nothing in this report matches.");
  const levels = choices.length > 2 ? element("div", { class: "levels", role: "group", "aria-label": "Level" }, ...choices) : "";
  const bar = element(
    "div", { class: "bar-top", role: "search" }, input, levels, sections(),
    element("div", { class: "page-tools" }, ...help),
  );
  document.querySelector(".banner").after(bar, state.none);
  if (list) filterTraces(list);
  return input;
}

function sections() {
  const titled = [...document.querySelectorAll("#report > section[id]")];
  const links = titled.map((each) => element("a", { href: `#${each.id}` }, each.querySelector("h2").textContent));
  return element("nav", { "aria-label": "Sections" }, ...links);
}

function choose(state, level) {
  state.level = level;
  for (const each of document.querySelectorAll("[data-choice]")) {
    each.setAttribute("aria-pressed", String(each.dataset.choice === level));
  }
  apply(state);
}

function apply({ data, list, level, query, none }) {
  const wanted = query.toLowerCase();
  const has = (node) => !wanted || node.textContent.toLowerCase().includes(wanted);
  let shown = 0;
  for (const group of document.querySelectorAll("#findings .group")) {
    const kinds = [...group.querySelectorAll(".kind")];
    const titled = wanted && has(group.querySelector("h3"));
    for (const kind of kinds) kind.hidden = !((titled || has(kind)) && (!level || kind.dataset.level === level));
    group.hidden = kinds.every((kind) => kind.hidden);
    shown += kinds.filter((kind) => !kind.hidden).length;
  }
  for (const contract of document.querySelectorAll(".contract")) {
    contract.hidden = !has(contract);
    shown += !contract.hidden;
  }
  if (list) filterTraces(list, query ? matchingTexts(data, query) : undefined, level);
  none.hidden = shown + (list?.shown.length ?? 0) > 0;
}
