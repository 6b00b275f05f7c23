// Word vectors: neighbours as bars, analogies, similarity, and the map.
import { $, ask, attempt, bar, base, count, describe, el, fill, latest } from "./studio.js";
import { drawButton, map } from "./map.js";
import { card } from "./reports.js";
import { fileJob } from "./jobs.js";

const SHOWN = 12;
let drawing = null;

const rows = (neighbours) => neighbours.map(({ word, similarity }) => bar(el("button", { type: "button", class: "quiet", title: `What is near ${word}?`, onclick: () => look(word) }, word), similarity, similarity.toFixed(3)));

function look(asked) {
  $("#asked").value = asked;
  update();
}

const update = latest(async (signal) => {
  const asked = $("#asked").value.trim().replaceAll("−", "-");
  if (!asked || /(^| )[+-]$/.test(asked)) return; // a sum that is still being typed
  const { neighbours } = await ask(`${base}/neighbours`, { asked, k: SHOWN }, { signal }).catch((error) => {
    if (error.status === 422) fill("#near");
    if (error.status !== 422) throw error;
    fill("#near-told", error.message);
    return { neighbours: [] };
  });
  if (!neighbours.length) return;
  fill("#near-told", `Nearest to “${asked}”: ${neighbours.slice(0, 3).map(({ word }) => word).join(", ")}`);
  fill("#near", ...rows(neighbours));
  drawing?.mark([asked, ...neighbours.map(({ word }) => word)]);
}, 200);

function submits(form, work) {
  $(form).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(work);
  });
}

submits("#analogy", async () => {
  const [a, b, c] = ["#a", "#b", "#c"].map((field) => $(field).value.trim());
  const { neighbours } = await ask(`${base}/analogy`, { a, b, c, k: SHOWN });
  fill("#analogy-told", `${b} is to ${a} as ${c} is to ${neighbours[0]?.word ?? "nothing known"}`);
  fill("#answers", ...rows(neighbours));
  fill("#problem");
});

submits("#similarity", async () => {
  const [first, second] = ["#first", "#second"].map((field) => $(field).value.trim());
  const { similarity } = await ask(`${base}/similarity`, { first, second });
  fill("#alike", `The cosine of ${first} and ${second} is ${similarity.toFixed(3)}.`);
  fill("#problem");
});

drawButton(async () => {
  const drawn = await ask(`${base}/map`, { most: Number($("#most").value) });
  drawing ??= map($("#map"), "Neighbours of", look);
  drawing.show(drawn);
  return "The most frequent words, laid out so that what is alike lies together.";
});

$("#asked").addEventListener("input", update);
attempt(async () => {
  const model = await describe();
  const { words, dim, subwords, examples } = model.about;
  fill("#about", `${count(words)} words, vectors of ${count(dim)} numbers${subwords ? "; unknown words by their n-grams" : ""}.`);
  fill("#examples", el("span", { class: "hint" }, "For example"), ...examples.slice(0, 6).map((word) => el("button", { type: "button", class: "quiet small", onclick: () => look(word) }, word)));
  fill("#report", card(model, false));
  await fileJob($("#file-job"), model);
});
