// The part of a trace's time that the waterfall shows, and its scale.

import { duration } from "./amounts.js";
import { element } from "./elements.js";

const COLOURS = 8; // in colours.css
const SHORTEST = 0.4; // percent of the width that a bar takes at least

/** Return the left edge and the width of a bar, in percent of the width of the timeline. */
export function barOf(view, start, took) {
  const size = view.to - view.from;
  const left = Math.min(100, Math.max(0, ((start - view.from) / size) * 100));
  const right = Math.min(100, Math.max(0, ((start + took - view.from) / size) * 100));
  return { left: Math.min(left, 100 - SHORTEST), width: Math.max(SHORTEST, right - left) };
}

/** Return whether any of a span is within the view. */
export function isInView(view, start, took) {
  return start <= view.to && start + took >= view.from;
}

/** Return the scale: a label for each quarter of the view. */
export function scale(view) {
  const ticks = [0, 25, 50, 75, 100].map((percent) => {
    const tick = element("span", { class: "tick" }, duration(view.from + ((view.to - view.from) * percent) / 100));
    tick.style.left = `${percent}%`;
    return tick;
  });
  return element("div", { class: "scale", "aria-hidden": "true" }, ...ticks);
}

/** Return the class of the colour of a service, by its number in the trace. */
export function colourClass(number) {
  return `c${number % COLOURS}`;
}
