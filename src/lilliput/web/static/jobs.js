// Jobs: sending a file, and a panel that follows a job by its events: how far it is, its curves, what came of it.
import { $, Problem, ask, attempt, bytes, colours, count, el, fill, listen, modelName, seconds, upload } from "./studio.js";
import { card } from "./reports.js";

const CURVE = { height: 170, left: 52, bottom: 22, top: 8 };
const ENDED = ["done", "failed", "cancelled"];

export const shownJob = () => new URLSearchParams(location.search).get("job");

/** Have the address name a job, so that a reload or another browser finds it. */
export function remember(id) {
  history.replaceState(null, "", id ? `?job=${id}` : location.pathname);
}

/** A place to drop or choose a file; `sent` hears of what the studio found in it. */
export function filePicker(element, endings, most, sent) {
  const input = el("input", { type: "file", id: "file", accept: endings.flatMap((one) => [one, `${one}.gz`, `${one}.bz2`, `${one}.xz`, `${one}.zst`]).join(",") });
  const state = el("p", { class: "hint", "aria-live": "polite" }, `${endings.join(" ")}, plain or packed; at most ${bytes(most)}.`);
  const zone = el("div", { class: "drop" }, el("label", { for: "file" }, "Drop a file here, or choose one"), input, state);
  const take = (file) => attempt(async () => {
    if (!file) return;
    fill("#problem");
    if (file.size > most) throw new Problem(`${file.name} has ${bytes(file.size)}; at most ${bytes(most)} can be sent`);
    fill(state, `Sending ${file.name} …`);
    try {
      const found = await upload(file);
      fill(state, `${found.name}, ${bytes(found.bytes)}`);
      sent(found);
    } catch (error) {
      fill(state, "The file was not taken.");
      throw error;
    }
  });
  input.addEventListener("change", () => take(input.files[0]));
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") take(event.dataTransfer.files[0]);
    });
  }
  fill(element, zone);
}

/** The first rows of a file that was sent. */
export function preview(found) {
  const head = found.columns.length ? el("thead", {}, el("tr", {}, ...found.columns.map((name) => el("th", { scope: "col" }, name)))) : null;
  const body = el("tbody", {}, ...found.rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell)))));
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "First rows" }, el("table", {}, el("caption", {}, `First rows of ${found.name}`), head, body));
}

/** A choice of one of a file's columns. */
export function columnChoice(id, says, columns, chosen, none = "as it looks") {
  const options = [el("option", { value: "" }, none), ...columns.map((name) => el("option", { value: name, selected: name === chosen }, name))];
  return [el("label", { for: id }, says), el("select", { id }, ...options)];
}

/** Follow a job in an element; `ended` is called once with its last event. Returns a function that stops it. */
export function jobPanel(element, id, ended = () => {}) {
  const state = { id, notes: [], curves: new Map(), last: null, end: null, cancelling: false };
  const parts = frame(element, state);
  let queued = false;
  const draw = () => {
    if (queued) return;
    queued = true;
    setTimeout(() => ((queued = false), show(parts, state)), 60);
  };
  let stop = () => {};
  attempt(async () => {
    try {
      state.job = await ask(`/v1/jobs/${id}`);
    } catch (error) {
      fill(parts.status, "This job is not there any more.");
      throw error;
    }
    draw();
    stop = listen(`/v1/jobs/${id}/events`, (event) => {
      const was = state.end;
      hear(state, event);
      draw();
      if (!was && state.end) ended(event);
    });
  });
  return () => stop();
}

function hear(state, event) {
  if (event.type === "note") state.notes.push(event.text);
  if (event.type === "progress" || event.type === "point") state.last = event;
  if (event.type === "point") {
    for (const [name, value] of Object.entries(event.numbers)) {
      if (!state.curves.has(name)) state.curves.set(name, []);
      state.curves.get(name).push([event.at, value]);
    }
  }
  if (event.type === "started") state.started = true;
  if (ENDED.includes(event.type)) state.end = event;
}

function frame(element, state) {
  const cancel = el("button", { type: "button", class: "quiet", onclick: () => attempt(async () => {
    state.cancelling = true;
    await ask(`/v1/jobs/${state.id}/cancel`, {});
  }) }, "Cancel");
  const parts = {
    title: el("h3", {}), status: el("p", { "aria-live": "polite", class: "job-status" }), far: el("p", { class: "hint" }),
    meter: el("progress", { max: 1, "aria-label": "Progress of the job" }), curve: el("figure", { class: "hidden" }),
    notes: el("ul", { class: "hint" }), actions: el("div", { class: "row" }, cancel), result: el("div", {}), cancel,
  };
  fill(element, parts.title, parts.status, parts.meter, parts.far, parts.curve, parts.notes, parts.actions, parts.result);
  return parts;
}

function show(parts, state) {
  const { job, end, last } = state;
  fill(parts.title, job.kind === "fit" ? `Learning ${job.what} from ${job.data}` : `${job.what} answers ${job.data}`);
  say(parts.status, sentence(state));
  parts.status.className = `job-status ${end?.type === "failed" ? "problem" : end?.type === "done" ? "good" : ""}`;
  parts.meter.classList.toggle("hidden", Boolean(end));
  parts.cancel.classList.toggle("hidden", Boolean(end));
  parts.cancel.disabled = state.cancelling;
  if (last?.total) parts.meter.value = Math.min(1, last.done / last.total);
  else parts.meter.removeAttribute("value");
  fill(parts.far, last && !end ? `${last.label}: ${count(Math.round(last.done))}${last.total ? ` of ${count(Math.round(last.total))}` : ""} ${last.unit}, ${seconds(last.at)} so far` : "");
  if (parts.notes.childElementCount !== state.notes.length) fill(parts.notes, ...state.notes.map((note) => el("li", {}, note)));
  drawCurves(parts.curve, state.curves);
  if (end && !parts.finished) {
    parts.finished = true;
    finish(parts, state);
  }
}

// A screen reader is told of what has changed, and not of the same again.
function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function sentence({ job, end, started, cancelling }) {
  const made = end?.bytes ? (job.kind === "fit" ? `a model of ${bytes(end.bytes)}` : `${bytes(end.bytes)} of answers`) : null;
  if (end?.type === "done") return `Done: ${made ?? "nothing was made"}.`;
  if (end?.type === "cancelled") return made ? `Cancelled; ${made} is what there was.` : "Cancelled before anything was made.";
  if (end) return `Failed: ${end.detail}`;
  if (cancelling) return "Ending, with what there is so far …";
  return started ? "At work …" : "Waits for other jobs to end …";
}

function finish(parts, { id, job, end }) {
  if (!end.bytes) return;
  parts.actions.append(el("a", { class: "button", href: `/v1/jobs/${id}/result`, download: job.download }, "Download"));
  if (job.kind !== "fit") return;
  const name = el("input", { id: "keep-name", maxlength: 64, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", value: job.download.replace(".safetensors", ""), autocomplete: "off" });
  const keep = el("button", { type: "submit" }, "Keep");
  const form = el("form", { class: "row", onsubmit: (event) => (event.preventDefault(), attempt(() => keepModel(id, name.value, form))) }, el("label", { for: "keep-name" }, "Serve it as"), el("span", { class: "grow" }, name), keep);
  const model = { name: job.what, task: end.task, bytes: end.bytes, report: end.report };
  fill(parts.result, form, card(model, true));
}

async function keepModel(id, name, form) {
  const kept = await ask(`/v1/jobs/${id}/keep`, { name });
  for (let tries = 0; tries < 20; tries++) {
    const there = await fetch(`/v1/models/${encodeURIComponent(kept.name)}`); // another process may answer, a moment later
    if (there.ok) break;
    await new Promise((done) => setTimeout(done, 200));
  }
  const link = el("a", { href: kept.page }, `Open ${kept.name}`);
  fill(form, el("span", { class: "good", role: "status" }, "Kept until the studio stops."), link);
  link.focus();
}

// Curves, a line for each number, over seconds.
function drawCurves(figure, curves) {
  const drawn = [...curves].filter(([, points]) => points.length > 1);
  figure.classList.toggle("hidden", !drawn.length);
  const size = [...curves.values()].reduce((sum, points) => sum + points.length, 0);
  if (!drawn.length || figure.drawn === size) return;
  figure.drawn = size;
  const { groups, line, soft } = colours();
  const width = Math.max(260, figure.clientWidth), right = width - 8, floor = CURVE.height - CURVE.bottom;
  const all = drawn.flatMap(([, points]) => points);
  const [from, to] = range(all.map(([at]) => at));
  const [low, high] = range(all.map(([, value]) => value));
  const x = (at) => CURVE.left + ((at - from) / (to - from || 1)) * (right - CURVE.left);
  const y = (value) => floor - ((value - low) / (high - low || 1)) * (floor - CURVE.top);
  const text = (at, height, told, anchor) => svg("text", { x: at, y: height, fill: soft, "font-size": 12, "text-anchor": anchor }, told);
  const lines = drawn.map(([name, points], place) => svg("polyline", { points: thinned(points).map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" "), fill: "none", stroke: groups[place], "stroke-width": 2, "data-name": name }));
  const told = drawn.map(([name, points]) => `${name.replaceAll("_", " ")} from ${points[0][1].toPrecision(4)} to ${points.at(-1)[1].toPrecision(4)}, least ${range(points.map((point) => point[1]))[0].toPrecision(4)}`);
  const chart = svg("svg", { viewBox: `0 0 ${width} ${CURVE.height}`, width: "100%", height: CURVE.height, role: "img", "aria-label": `Curves over ${seconds(to - from)}: ${told.join("; ")}` },
    svg("path", { d: `M${CURVE.left},${CURVE.top}V${floor}H${right}`, fill: "none", stroke: line }),
    text(CURVE.left - 6, CURVE.top + 10, high.toPrecision(4), "end"), text(CURVE.left - 6, floor, low.toPrecision(4), "end"),
    text(CURVE.left, CURVE.height - 6, seconds(from), "start"), text(right, CURVE.height - 6, seconds(to), "end"), ...lines);
  const legend = drawn.map((_, place) => el("span", { class: "key" }, svg("svg", { width: 18, height: 10, "aria-hidden": "true" }, svg("path", { d: "M0,5H18", stroke: groups[place], "stroke-width": 2 })), ` ${told[place]} `));
  fill(figure, chart, el("figcaption", {}, ...legend));
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const range = (values) => values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);

// No more points than a line of this width can show.
function thinned(points) {
  const step = Math.ceil(points.length / 600);
  return points.filter((_, place) => place % step === 0 || place === points.length - 1);
}

/** Have the model of this page answer a file: choose it, watch, download. */
export async function fileJob(element, model) {
  if (!model.reads_files) return;
  const { endings, most_bytes: most } = await ask("/v1/trainable");
  const choose = el("div", {}), set = el("div", {}), panel = el("div", { role: "region", "aria-label": "Job" });
  fill(element, choose, set, panel);
  let stop = () => {};
  const follow = (id) => (stop(), remember(id), (stop = jobPanel(panel, id)));
  filePicker(choose, endings, most, (found) => {
    const skip = el("input", { type: "checkbox", id: "skip-bad" });
    const start = el("button", { type: "button", onclick: () => attempt(async () => {
      const asked = { kind: "predict", model: modelName, upload: found.id, text: $("#text-column")?.value || null, skip_bad: skip.checked };
      follow((await ask("/v1/jobs", asked)).id);
    }) }, "Start");
    const column = found.columns.length > 1 ? columnChoice("text-column", "Column of the texts", found.columns, found.text) : [];
    fill(set, preview(found), ...column, el("label", { class: "check" }, skip, " Leave bad rows empty instead of stopping"), el("div", { class: "row" }, start));
  });
  if (shownJob()) follow(shownJob());
}
