// Labels as one types, with what spoke for and against them.
import { $, ask, attempt, bar, base, describe, el, fill, latest, percent } from "./studio.js";
import { card } from "./reports.js";
import { fileJob } from "./jobs.js";

const SHOWN = 12;
const LONGEST_EXPLAINED = 20000;
let chosen = null; // the label that is explained; null: the best
let explains = true;

const update = latest(async (signal) => {
  const text = $("#text").value;
  if (!text.trim()) {
    fill("#labels");
    fill("#best", "There is no text yet.");
    $("#why").classList.add("hidden");
    return;
  }
  const { predictions } = await ask(`${base}/predict`, { texts: [text], top: SHOWN }, { signal });
  show(predictions[0]);
  if (explains && text.length <= LONGEST_EXPLAINED) explain(text, await ask(`${base}/explain`, { text, label: chosen }, { signal }));
});

function show(found) {
  const best = Array.isArray(found.label) ? found.label.join(", ") || "none" : found.label;
  fill("#best", best === null ? "No label is sure enough." : `Label: ${best}`);
  const rows = Object.entries(found.probabilities).map(([label, probability]) => {
    const name = explains ? el("button", { type: "button", class: "quiet", "aria-pressed": String(label === chosen), title: `What speaks for ${label}?`, onclick: () => choose(label) }, label) : label;
    return bar(name, probability, percent(probability));
  });
  fill("#labels", ...rows);
}

function choose(label) {
  chosen = label === chosen ? null : label;
  update();
}

function explain(text, found) {
  $("#why").classList.remove("hidden");
  fill("#why-title", `What spoke for “${found.label}” (${percent(found.probability)})`);
  fill("#marked", ...marked(text, found));
  const list = (title, said) => (said.length ? [el("h3", {}, title), el("p", {}, said.slice(0, 10).map((one) => `${one.ngram} ${one.says > 0 ? "+" : ""}${one.says.toFixed(2)}`).join(" · "))] : []);
  fill("#said", ...list("For", found.speaks_for), ...list("Against", found.speaks_against));
}

// What each character of the text brought: an n-gram's say is shared by the places where it stands. n-grams of words
// are written with spaces or underscores between them, those of characters with "_" at the border of a word.
function marked(text, found) {
  const lower = text.toLowerCase();
  if (lower.length !== text.length) return [text];
  const says = new Float64Array(text.length);
  for (const { ngram, says: brought } of [...found.speaks_for, ...found.speaks_against]) {
    const places = standing(lower, ngram.toLowerCase());
    for (const [start, end] of places) for (let at = start; at < end; at++) says[at] += brought / places.length / (end - start);
  }
  const most = says.reduce((least, value) => Math.max(least, Math.abs(value)), 1e-12);
  const level = (value) => Math.sign(value) * Math.ceil((3 * Math.abs(value)) / most - 0.15);
  const parts = [];
  for (let at = 0; at < text.length; ) {
    const here = level(says[at]);
    let end = at + 1;
    while (end < text.length && level(says[end]) === here) end++;
    const piece = text.slice(at, end);
    parts.push(here ? el("mark", { class: `${here > 0 ? "for" : "against"}${Math.abs(here)}` }, piece) : piece);
    at = end;
  }
  return parts;
}

function standing(text, ngram) {
  const starts = ngram.startsWith("_"), ends = ngram.endsWith("_");
  const bare = ngram.replace(/^_|_$/g, "");
  const letter = /[\p{L}\p{N}]/u;
  const places = [];
  if (!bare) return places;
  for (let at = text.indexOf(bare); at >= 0 && places.length < 1000; at = text.indexOf(bare, at + 1)) {
    const end = at + bare.length;
    if (starts && at > 0 && letter.test(text[at - 1])) continue;
    if (ends && end < text.length && letter.test(text[end])) continue;
    places.push([at, end]);
  }
  return places;
}

$("#text").addEventListener("input", update);
attempt(async () => {
  const model = await describe();
  explains = model.verbs.includes("explain");
  const { labels, mode } = model.about;
  const several = { single: "one a text", multi: "any number a text", soft: "a value each" }[mode];
  fill("#about", `${labels.length} labels, ${several}: ${labels.slice(0, 12).join(", ")}${labels.length > 12 ? ", …" : ""}`);
  fill("#report", card(model, false));
  update();
  await fileJob($("#file-job"), model);
});
