// A list of any length, of which only the rows in view are elements.

const BEYOND = 6; // rows drawn above and below the view

/** Return a list inside of a scrolling element. `draw(index)` returns the element of a row; all have one height. */
export function virtualList(scroller, body, draw) {
  const list = { scroller, body, draw, count: 0, height: 28, drawn: new Map(), waiting: false };
  scroller.addEventListener("scroll", () => drawSoon(list), { passive: true });
  new ResizeObserver(() => drawSoon(list)).observe(scroller);
  return list;
}

/** Draw all rows in view anew. */
export function refresh(list, count = list.count, height = list.height) {
  Object.assign(list, { count, height });
  list.body.style.height = `${count * height}px`;
  list.drawn.clear();
  list.body.replaceChildren();
  drawRows(list);
}

/** Scroll so that a row is in view, in the middle if it was not. */
export function reveal(list, index) {
  const { scroller, height } = list;
  const head = scroller.querySelector(".stays")?.offsetHeight ?? 0;
  const top = index * height;
  const room = scroller.clientHeight - head;
  if (top < scroller.scrollTop || top + height > scroller.scrollTop + room) {
    scroller.scrollTop = top - (room - height) / 2;
    drawRows(list);
  }
}

/** Return how many rows the view shows. */
export function pageLength(list) {
  return Math.max(1, Math.floor(list.scroller.clientHeight / list.height) - 2);
}

function drawSoon(list) {
  if (list.waiting) return;
  list.waiting = true;
  requestAnimationFrame(() => {
    list.waiting = false;
    drawRows(list);
  });
}

function drawRows(list) {
  const { scroller, height, count, drawn } = list;
  const first = Math.max(0, Math.floor(scroller.scrollTop / height) - BEYOND);
  const last = Math.min(count, Math.ceil((scroller.scrollTop + scroller.clientHeight) / height) + BEYOND);
  for (const [index, row] of drawn) {
    if (index < first || index >= last) {
      row.remove();
      drawn.delete(index);
    }
  }
  for (let index = first; index < last; index++) {
    if (!drawn.has(index)) drawn.set(index, placed(list, index));
  }
}

function placed(list, index) {
  const row = list.draw(index);
  row.style.transform = `translateY(${index * list.height}px)`;
  list.body.append(row);
  return row;
}
