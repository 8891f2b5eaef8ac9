// What the page shows is in its address, so that links to a trace, a span or a finding can be kept and shared.

/** Return what the address asks for: the id of a trace, with that of a span or the number of a finding. */
export function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const finding = given.has("finding") ? Number(given.get("finding")) : undefined;
  return { trace: given.get("trace") ?? undefined, span: given.get("span") ?? undefined, finding };
}

/** Return the address of a trace within the page. */
export function addressOf(traceId, rest = {}) {
  return `#${new URLSearchParams({ trace: traceId, ...rest })}`.replaceAll("+", "%20");
}

/** Put what is shown into the address, without a new step in the history. */
export function replaceAddress(address) {
  history.replaceState(history.state, "", address);
}
