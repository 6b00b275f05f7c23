// The words or sentences of a text, in two colours by turns.
import { $, ask, attempt, base, count, describe, fill, latest, percent } from "./studio.js";
import { paint, walk } from "./parts.js";
import { card } from "./reports.js";
import { fileJob } from "./jobs.js";

const LONGEST = 20000;
let unit = "part";

const update = latest(async (signal) => {
  const text = $("#text").value.slice(0, LONGEST);
  $("#found").classList.toggle("hidden", !text.trim());
  if (!text.trim()) {
    fill("#told", "There is no text yet.");
    return;
  }
  const { predictions } = await ask(`${base}/predict`, { texts: [text] }, { signal });
  show(Array.from(text), predictions[0].segments); // the places are those of characters, not of UTF-16
});

function show(characters, segments) {
  const parts = [];
  let at = 0;
  segments.forEach((segment, place) => {
    if (segment.start > at) parts.push({ text: characters.slice(at, segment.start).join("") });
    parts.push({ text: segment.text, group: place % 2, says: `“${segment.text}”: a border before it, probability ${percent(segment.probability)}` });
    at = segment.end;
  });
  fill("#told", `${count(segments.length)} ${unit}${segments.length === 1 ? "" : "s"}`);
  paint("#parts", parts, "#detail");
  fill("#detail");
}

walk("#parts");
$("#text").addEventListener("input", update);
attempt(async () => {
  const model = await describe();
  unit = model.about.unit;
  fill("#about", `Cuts text into ${unit}s.`);
  fill("#parts-title", `Its ${unit}s`);
  fill("#report", card(model, false));
  update();
  await fileJob($("#file-job"), model);
});
