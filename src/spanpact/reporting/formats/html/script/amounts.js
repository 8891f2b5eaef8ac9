// Amounts as texts.

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]];

/** Return an amount of time with three significant digits and a fitting unit, as text reports write it: `4.2ms`. */
export function duration(nanoseconds) {
  const size = Math.abs(nanoseconds);
  const [factor, unit] = UNITS.find(([least]) => size >= least) ?? [1, "ns"];
  const number = size / factor;
  const digits = number >= 100 || unit === "ns" ? Math.round(number) : Number(number.toPrecision(3));
  return `${nanoseconds < 0 ? "-" : ""}${digits}${unit}`;
}

/** Return the number and its noun: `1 span`, `1,200 spans`. */
export function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
