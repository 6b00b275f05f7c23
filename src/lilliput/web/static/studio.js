// What all pages share: asking the API, building elements (text only, never markup), showing problems.

export const modelName = document.querySelector("meta[name=model]").content;
export const base = `/v1/models/${encodeURIComponent(modelName)}`;
export const $ = (selector) => document.querySelector(selector);

/** An element with attributes ("on..." are listeners, "class" and the like as in markup) and children, texts or elements. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Replace the content of an element. */
export function fill(target, ...children) {
  (typeof target === "string" ? $(target) : target).replaceChildren(...children.filter((child) => child != null));
}

export class Problem extends Error {}

/** JSON from an address; a problem is thrown with the sentence that the studio gave. */
export async function ask(address, body, options = {}) {
  const asked = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(address, { ...asked, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("the studio does not answer; is it still running?");
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    const problem = new Problem(told.detail ?? `the studio answered ${answer.status}`);
    problem.status = answer.status;
    throw problem;
  }
  return answer.json();
}

export const describe = () => ask(base);

/** Show a problem at the foot of the page until it is closed or something works again. */
export function tell(error) {
  if (error?.name === "AbortError") return;
  if (!(error instanceof Problem)) console.error(error);
  const close = el("button", { type: "button", class: "quiet", onclick: () => fill("#problem") }, "Close");
  fill("#problem", el("p", {}, el("span", {}, error.message ?? String(error)), close));
}

/** A function that asks with what is there now: earlier questions that are still open are dropped. */
export function latest(work, wait = 120) {
  let timer, running;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      running?.abort();
      const mine = (running = new AbortController());
      try {
        await work(mine.signal);
        if (running === mine) fill("#problem");
      } catch (error) {
        if (running === mine) tell(error);
      }
    }, wait);
  };
}

/** Run something that may fail, and show why. */
export async function attempt(work) {
  try {
    await work();
  } catch (error) {
    tell(error);
  }
}

export const percent = (value) => `${(100 * value).toFixed(value > 0 && value < 0.1 ? 2 : 1)} %`;
export const count = (value) => Number(value).toLocaleString("en");

export function bytes(value) {
  if (value == null) return "";
  if (value < 1000) return `${value} bytes`;
  const units = ["KB", "MB", "GB"];
  let shown = value / 1000, unit = 0;
  for (; shown >= 999.5 && unit < 2; unit++) shown /= 1000;
  return `${shown.toPrecision(shown < 999.5 ? 3 : 4)} ${units[unit]}`;
}

export function seconds(value) {
  if (value == null) return "";
  if (value < 1e-3) return `${(value * 1e6).toPrecision(3)} µs`;
  if (value < 1) return `${(value * 1e3).toPrecision(3)} ms`;
  return value < 120 ? `${value.toPrecision(3)} s` : `${(value / 60).toFixed(1)} min`;
}

/** A list item with a name, a value and a bar between 0 and 1. */
export function bar(name, share, value = percent(share), over = false) {
  const shown = Math.max(0, Math.min(1, share));
  const head = el("div", { class: "bar-head" }, el("span", {}, name), el("span", {}, value));
  const meter = el("progress", { max: 1, value: shown, "aria-label": `${typeof name === "string" ? name : name.textContent}: ${value}`, class: over ? "over" : null });
  return el("li", {}, head, meter);
}

/** The events of an address that are told one after another, until `stop` is called or the last one came. */
export function listen(address, heard) {
  const source = new EventSource(address);
  source.onmessage = (event) => heard(JSON.parse(event.data));
  source.addEventListener("end", () => source.close());
  return () => source.close();
}

/** Send a file as it is; says where it lies. */
export async function upload(file) {
  const address = `/v1/uploads?name=${encodeURIComponent(file.name)}`;
  return ask(address, undefined, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
}

/** The page's own colours, for charts and canvases. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const groups = Array.from({ length: 12 }, (_, place) => read(`g${place}`));
  return { ground: read("raised"), text: read("text"), soft: read("soft"), line: read("line"), accent: read("accent"), groups };
}
