// Training: a file, a task, columns, a budget; then the job, which a reload finds again by its address.
import { $, ask, attempt, count, el, fill, latest, percent } from "./studio.js";
import { columnChoice, filePicker, jobPanel, preview, remember, shownJob } from "./jobs.js";

let found = null; // the file that was sent
let tasks = [];
let stop = () => {};
const task = () => tasks.find((one) => one.task === $("#task").value);

function taken(upload) {
  found = upload;
  fill("#rows", preview(upload));
  const ending = upload.name.toLowerCase().replace(/\.(gz|bz2|xz|zst)$/, "").replace(/^.*(?=\.)/, "");
  const fitting = tasks.filter((one) => one.endings.includes(ending));
  fill("#task", ...fitting.map((one) => el("option", { value: one.task }, one.task)));
  $("#ask").classList.remove("hidden");
  build();
}

function build() {
  const entry = task();
  fill("#says", entry.says);
  fill("#columns", ...entry.columns.flatMap((column) => choice(column)));
  fill("#options", ...entry.options.flatMap((option) => control(option)));
  $("#doctor").classList.toggle("hidden", !entry.inspected);
  if (entry.inspected) look();
}

function choice(column) {
  const id = `column-${column.name}`;
  const guess = column.guess ? found[column.guess] : null;
  const says = `Column of ${column.says}`;
  if (!column.several) return columnChoice(id, says, found.columns, guess, column.guess ? "as it looks" : "none");
  const list = el("datalist", { id: `${id}-list` }, ...found.columns.map((name) => el("option", { value: name })));
  return [el("label", { for: id }, says), el("input", { id, list: list.id, value: guess ?? "", autocomplete: "off" }), list];
}

function control(option) {
  const id = `option-${option.name}`;
  if (option.kind === "flag") return [el("label", { class: "check" }, el("input", { id, type: "checkbox" }), ` ${option.says}`)];
  const label = el("label", { for: id }, option.says);
  if (option.kind === "choice") return [label, el("select", { id }, el("option", { value: "" }, "as the data say"), ...option.choices.map((name) => el("option", {}, name)))];
  const number = { type: "number", min: option.low, max: option.high, step: option.kind === "whole" ? 1 : "any" };
  return [label, el("input", { id, value: option.default, autocomplete: "off", ...(option.kind === "text" ? {} : number) })];
}

const columns = () => Object.fromEntries(task().columns.map(({ name }) => [name, $(`#column-${name}`).value.trim()]).filter(([, value]) => value));

function options() {
  const given = task().options.map((option) => {
    const input = $(`#option-${option.name}`);
    if (option.kind === "flag") return [option.name, input.checked];
    return [option.name, option.kind === "whole" || option.kind === "number" ? Number(input.value) : input.value.trim()];
  });
  return Object.fromEntries(given);
}

const look = latest(async (signal) => {
  const entry = task();
  if (!found || !entry.inspected) return;
  fill("#findings", el("p", { class: "hint" }, "Reading …"));
  const named = columns();
  const labelled = entry.columns.some((column) => column.name === "target");
  const text = named.text ?? found.text, target = named.target ?? found.target;
  const query = new URLSearchParams({ ...(text ? { text } : {}), ...(labelled && target ? { target } : {}) });
  try {
    show(await ask(`/v1/uploads/${found.id}/doctor?${query}`, undefined, { signal }));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    fill("#findings", el("p", { class: "problem" }, error.message));
  }
}, 300);

function show(findings) {
  const problems = findings.problems.length ? el("ul", {}, ...findings.problems.map((problem) => el("li", { class: "warn" }, problem))) : el("p", { class: "good" }, "Nothing is wrong with it.");
  const lengths = Object.entries(findings.lengths).map(([name, value]) => `${name} ${count(value)}`).join(", ");
  const labels = Object.entries(findings.labels).slice(0, 12).map(([name, value]) => `${name} ${count(value)}`).join(", ");
  const facts = { rows: count(findings.rows), "bad rows": findings.bad, empty: findings.empty, repeated: findings.duplicates, characters: lengths, "not ASCII": percent(findings.non_ascii), labels };
  const shown = Object.entries(facts).filter(([, value]) => value !== 0 && value !== "");
  fill("#findings", problems, el("dl", {}, ...shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))])));
}

function follow(id) {
  stop();
  remember(id);
  stop = jobPanel($("#job"), id, () => attempt(recent));
}

async function recent() {
  const { jobs } = await ask("/v1/jobs");
  const rows = jobs.slice(0, 20).map((job) => el("li", {}, el("a", { href: `?job=${job.id}`, "aria-current": job.id === shownJob() ? "true" : null, onclick: (event) => (event.preventDefault(), follow(job.id), attempt(recent)) }, job.kind === "fit" ? `${job.what} from ${job.data}` : `${job.what} answers ${job.data}`), ` ${job.state}, ${new Date(job.created * 1000).toLocaleTimeString()}`));
  fill("#recent", rows.length ? el("ul", { class: "jobs" }, ...rows) : el("p", { class: "hint" }, "There are none yet."));
}

$("#task").addEventListener("change", build);
$("#columns").addEventListener("change", () => task().inspected && look());
$("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const budget = [$("#memory").value, $("#time").value].map((part) => part.trim()).filter(Boolean).join(",");
    const asked = { kind: "fit", task: task().task, upload: found.id, columns: columns(), options: options(), budget, seed: Number($("#seed").value) };
    follow((await ask("/v1/jobs", asked)).id);
    fill("#problem");
    $("#job").scrollIntoView({ block: "nearest" });
    await recent();
  });
});

attempt(async () => {
  const told = await ask("/v1/trainable");
  tasks = told.tasks;
  [$("#memory").value, $("#time").value] = told.budget.split(",");
  filePicker($("#choose"), told.endings, told.most_bytes, taken);
  if (shownJob()) follow(shownJob());
  await recent();
});
