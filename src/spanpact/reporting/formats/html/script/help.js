// What the keyboard does, and the choice of light or dark.

import { button, element } from "./elements.js";

const KEYS_AND_MEANINGS = [
  ["/", "search"], ["Esc", "leave the search, then the trace"], ["↑ ↓ or k j", "span above, below"],
  ["← →", "close or open a span, go to its parent"], ["n p", "next finding, finding before"],
  ["] [", "next trace, trace before"], ["Enter", "in the search: next match"],
  ["z 0", "zoom to the span, show all time"], ["d", "dark or light"], ["?", "this list"],
];

/** Return the dialog that lists the keys. */
export function helpDialog() {
  const rows = KEYS_AND_MEANINGS.map(([keys, what]) => element("tr", {}, element("th", { scope: "row" }, element("kbd", {}, keys)), element("td", {}, what)));
  const dialog = element(
    "dialog", { id: "help", "aria-label": "Keyboard" }, element("h2", {}, "Keyboard"),
    element("table", {}, element("tbody", {}, ...rows)), button("Close", "Close", () => dialog.close()),
  );
  document.body.append(dialog);
  return dialog;
}

/** Change between light and dark. */
export function switchTheme() {
  const { dataset } = document.documentElement;
  const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dark ? "light" : "dark";
}
