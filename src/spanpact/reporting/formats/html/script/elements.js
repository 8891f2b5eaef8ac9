// Elements made from names, properties and texts. No text becomes markup: the policy of the page forbids that too.

/** Return an element. `properties` are attributes; `class` and those that begin with `on` (listeners) among them. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== ""));
  return made;
}

/** Return a button with a label for screen readers, shown as a title too where it differs from the text. */
export function button(text, label, onclick, properties = {}) {
  const named = label === text ? {} : { "aria-label": label, title: label };
  return element("button", { type: "button", onclick, ...named, ...properties }, text);
}

/** Return a link to a page of the web, in a new tab; undefined for any other address. */
export function webLink(url, ...children) {
  if (!/^https?:\/\//.test(url)) return undefined;
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Return terms and descriptions as a list; pairs with an empty description are left out. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== "" && value !== undefined);
  const cells = shown.flatMap(([name, value]) => [element("dt", {}, name), element("dd", { "data-fact": name }, value)]);
  return element("dl", { class: "facts" }, ...cells);
}
