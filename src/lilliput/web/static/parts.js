// A text in coloured parts, such as its languages or the tags of its tokens: a legend, and what is known of a part when
// one points at it or goes to it with the arrow keys.
import { $, el, fill } from "./studio.js";

const COLOURS = 12;
const PART = "[role=button]"; // no <button>: that would not break over lines as the text does
const places = new Map();

/** The class that colours a group: each has its own colour for as long as the page is open, while there are enough. */
export function groupClass(group) {
  if (group == null) return "g-none";
  if (!places.has(group)) places.set(group, places.size % COLOURS);
  return `g${places.get(group)}`;
}

/**
 * Show parts, {text, group, label, says}; those without `says` are plain text between them. `label` stands below its
 * part; `says` is told in `detail` when the part is pointed at.
 */
export function paint(target, parts, detail) {
  fill(target, ...parts.map((part) => (part.says === undefined ? part.text : button(part, detail))));
  const first = $(target).querySelector(PART);
  if (first) first.tabIndex = 0;
}

function button(part, detail) {
  const tell = () => fill(detail, part.says);
  const label = part.label ? el("span", { class: "part-label", "aria-hidden": "true" }, part.label) : null;
  return el("span", { role: "button", class: `part ${groupClass(part.group)}`, tabindex: -1, "aria-label": part.says, onclick: tell, onfocus: tell, onmouseenter: tell }, el("span", {}, part.text), label);
}

/** Arrow keys go from part to part; the tab key leaves them. */
export function walk(target) {
  $(target).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    const parts = [...$(target).querySelectorAll(PART)];
    const at = parts.indexOf(document.activeElement);
    if (step === undefined || at < 0) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(parts.length - 1, at + step));
    parts[at].tabIndex = -1;
    parts[to].tabIndex = 0;
    parts[to].focus();
  });
}

/** List items with the colour of each group, its name and what is told of it. */
export function legend(target, groups) {
  fill(target, ...groups.map(({ group, name, told }) => el("li", {}, el("span", { class: `swatch ${groupClass(group)}`, "aria-hidden": "true" }), `${name} `, el("span", { class: "hint" }, told))));
}
