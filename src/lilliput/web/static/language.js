// The parts of a text in the colours of their languages.
import { $, ask, attempt, bar, base, describe, fill, latest, percent } from "./studio.js";
import { legend, paint, walk } from "./parts.js";
import { card } from "./reports.js";
import { fileJob } from "./jobs.js";

const SHOWN = 8;
const LONGEST = 100000;
const names = typeof Intl.DisplayNames === "function" ? new Intl.DisplayNames(["en"], { type: "language", fallback: "none" }) : null;

/** "fr" as "French (fr)" where that is a known code. */
function named(language) {
  if (language === null) return "unknown";
  try {
    const name = names?.of(language);
    return name ? `${name} (${language})` : language;
  } catch {
    return language; // no code at all
  }
}

const update = latest(async (signal) => {
  const text = $("#text").value.slice(0, LONGEST);
  $("#found").classList.toggle("hidden", !text.trim());
  if (!text.trim()) {
    fill("#labels");
    fill("#why");
    fill("#best", "There is no text yet.");
    return;
  }
  const [{ spans, shares }, { predictions }] = await Promise.all([ask(`${base}/spans`, { text }, { signal }), ask(`${base}/predict`, { texts: [text], top: SHOWN }, { signal })]);
  show(spans, shares, predictions[0]);
  if (predictions[0].label !== null && text.length <= 20000) why(await ask(`${base}/explain`, { text }, { signal }));
  else fill("#why");
});

function show(spans, shares, whole) {
  const told = shares.map(({ language, share }) => `${named(language)} ${percent(share)}`).join(", ");
  fill("#best", told ? `Words by language: ${told}` : "There is no word in it whose language could be told.");
  legend("#legend", shares.map(({ language, share }) => ({ group: language, name: named(language), told: percent(share) })));
  const says = ({ text, language, probability }) => `“${text.trim().slice(0, 60)}”: ${named(language)}, probability ${percent(probability)}`;
  paint("#parts", spans.map((span) => ({ text: span.text, group: span.language, label: span.language ?? "?", says: says(span) })), "#detail");
  fill("#detail");
  fill("#labels", ...Object.entries(whole.probabilities).map(([language, probability]) => bar(named(language), probability)));
}

function why({ label, speaks_for: pieces }) {
  fill("#why", pieces.length ? `Most for ${named(label)} spoke: ${pieces.slice(0, 12).map(({ ngram }) => ngram.replaceAll(" ", "_")).join(" · ")}` : "");
}

walk("#parts");
$("#text").addEventListener("input", update);
attempt(async () => {
  const model = await describe();
  const { labels } = model.about;
  fill("#about", `${labels.length} languages: ${labels.slice(0, 30).join(", ")}${labels.length > 30 ? ", …" : ""}`);
  fill("#report", card(model, false));
  update();
  await fileJob($("#file-job"), model);
});
