// A model's report as a card: size, quality, speed and budget as bars, and everything that was measured.
import { bar, bytes, count, el, percent, seconds } from "./studio.js";

const LOWER_IS_BETTER = /error|loss|rmse|perplexity|seconds/;

/** A card; `open`: with everything shown. */
export function card(model, open = false) {
  const report = model.report;
  const title = open ? null : el("h2", {}, el("a", { href: `/m/${encodeURIComponent(model.name)}` }, model.name));
  const bars = el("ul", { class: "bars" }, ...budget(model), ...quality(report));
  const speed = [];
  if (model.seconds != null) speed.push(`an answer in ${seconds(model.seconds)} here`);
  else if (report.latency_p50_ms != null) speed.push(`one in ${seconds(report.latency_p50_ms / 1000)}`);
  if (report.throughput != null) speed.push(`${count(Math.round(report.throughput))} a second`);
  if (report.fit_seconds != null) speed.push(`learned in ${seconds(report.fit_seconds)}`);
  return el("article", { class: "card" }, title, el("p", { class: "hint" }, `${model.task} · ${bytes(model.bytes)}${speed.length ? ` · ${speed.join(", ")}` : ""}`), bars, everything(report, open));
}

// What was promised, and what it came to.
function budget(model) {
  const { memory, latency } = model.budget ?? {};
  const bars = [];
  if (memory) bars.push(bar("size, of the budget", model.bytes / memory, `${bytes(model.bytes)} of ${bytes(memory)}`, model.bytes > memory));
  if (latency && model.seconds) bars.push(bar("time of an answer, of the budget", model.seconds / latency, `${seconds(model.seconds)} of ${seconds(latency)}`, model.seconds > latency));
  return bars;
}

function quality(report) {
  return Object.entries(report.quality).slice(0, 3).map(([name, measure]) => {
    const told = `${shown(name, measure.value)} (${shown(name, measure.low)} to ${shown(name, measure.high)})`;
    const words = name.replaceAll("_", " ") + (LOWER_IS_BETTER.test(name) ? ", lower is better" : "");
    if (isShare(name, measure.value)) return bar(words, measure.value, told);
    return el("li", {}, el("div", { class: "bar-head" }, el("span", {}, words), el("span", {}, told)));
  });
}

const isShare = (name, value) => value >= 0 && value <= 1 && !/loss|rmse|perplexity|seconds/.test(name);
const shown = (name, value) => (isShare(name, value) ? percent(value) : Number(value).toPrecision(4));

function everything(report, open) {
  const rows = [];
  for (const [name, measure] of Object.entries(report.quality)) rows.push([name.replaceAll("_", " "), `${shown(name, measure.value)}, 95 % interval ${shown(name, measure.low)} to ${shown(name, measure.high)}, ${count(measure.n)} rows`]);
  rows.push(["held out", report.held_out]);
  if (report.latency_p95_ms != null) rows.push(["latency", `${seconds(report.latency_p50_ms / 1000)} p50, ${seconds(report.latency_p95_ms / 1000)} p95`]);
  if (report.throughput != null) rows.push(["throughput", `${count(Math.round(report.throughput))} a second${report.threads ? `, ${report.threads} threads` : ""}`]);
  if (report.peak_memory_bytes != null) rows.push(["peak memory", bytes(report.peak_memory_bytes)]);
  rows.push(["seed", String(report.seed)]);
  for (const part of ["data", "plan", "versions"]) rows.push([part, Object.entries(report[part] ?? {}).map(([name, value]) => `${name} ${plain(value)}`).join(", ")]);
  for (const note of report.notes ?? []) rows.push(["note", note]);
  const list = el("dl", {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  return el("details", { open }, el("summary", {}, "Report"), list);
}

const plain = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
