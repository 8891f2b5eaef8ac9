// The rows of a waterfall: spans in the order of their tree, and a placeholder where a span is missing.

/** Return the tree of a trace: for each span its depth, and the row after the last span below it. */
export function treeOf(trace) {
  const { up } = trace.spans;
  const depth = [];
  for (let row = 0; row < up.length; row++) depth.push(up[row] ? depth[row - up[row]] + 1 : 0);
  const end = up.map((_, row) => row + 1);
  for (let row = up.length - 1; row >= 0; row--) {
    const parent = row - up[row];
    if (up[row]) end[parent] = Math.max(end[parent], end[row]);
  }
  return { depth, end };
}

/**
 * Return the rows to draw. A row has the `row` of its span and its `depth`; one of a missing span has the `finding`,
 * and the row of the span above it. What is below a collapsed span is left out.
 */
export function rowsOf(tree, findings, collapsed) {
  const missing = grouped(findings.filter((finding) => finding.missing).map((finding) => [finding.row, finding]));
  const rows = [];
  const open = []; // spans with missing spans below them whose end is ahead
  const close = (upTo) => {
    while (open.length && tree.end[open.at(-1)] <= upTo) placeholders(rows, missing, open.pop(), tree);
  };
  for (let row = 0; row < tree.depth.length; ) {
    close(row);
    rows.push({ row, depth: tree.depth[row], parent: tree.end[row] > row + 1 || missing.has(row) });
    if (missing.has(row) && !collapsed.has(row)) open.push(row);
    row = collapsed.has(row) ? tree.end[row] : row + 1;
  }
  close(tree.depth.length);
  placeholders(rows, missing, -1, tree);
  return rows;
}

/** Return what is given in pairs by the first of each pair. */
export function grouped(pairs) {
  const groups = new Map();
  for (const [key, value] of pairs) {
    if (groups.has(key)) groups.get(key).push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

function placeholders(rows, missing, row, tree) {
  for (const finding of missing.get(row) ?? []) rows.push({ row, finding, depth: row < 0 ? 0 : tree.depth[row] + 1 });
}
