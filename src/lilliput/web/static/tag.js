// The tokens of a text in the colours of their tags.
import { $, ask, attempt, base, count, describe, fill, latest, percent } from "./studio.js";
import { groupClass, legend, paint, walk } from "./parts.js";
import { card } from "./reports.js";
import { fileJob } from "./jobs.js";

const LONGEST = 20000;
// Universal part-of-speech tags, as universaldependencies.org names them; the frequent ones have colours of their own.
const MEANINGS = { NOUN: "noun", VERB: "verb", PUNCT: "punctuation", PRON: "pronoun", ADP: "adposition", DET: "determiner", PROPN: "proper noun", ADJ: "adjective", AUX: "auxiliary", ADV: "adverb", CCONJ: "coordinating conjunction", NUM: "numeral", PART: "particle", SCONJ: "subordinating conjunction", INTJ: "interjection", SYM: "symbol", X: "other" };
let universal = false;
const meaning = (tag) => (universal && MEANINGS[tag] ? `${tag}, ${MEANINGS[tag]}` : tag);

const update = latest(async (signal) => {
  const text = $("#text").value.slice(0, LONGEST);
  $("#found").classList.toggle("hidden", !text.trim());
  if (!text.trim()) {
    fill("#told", "There is no text yet.");
    return;
  }
  const { predictions } = await ask(`${base}/predict`, { texts: [text] }, { signal });
  show(Array.from(text), predictions[0].tokens); // the places are those of characters, not of UTF-16
});

function show(characters, tokens) {
  const many = new Map();
  const parts = [];
  let at = 0;
  for (const { token, tag, probability, start, end } of tokens) {
    many.set(tag, (many.get(tag) ?? 0) + 1);
    if (start > at) parts.push({ text: characters.slice(at, start).join("") });
    parts.push({ text: token, group: tag, label: tag, says: `“${token}”: ${meaning(tag)}, probability ${percent(probability)}` });
    at = end;
  }
  parts.push({ text: characters.slice(at).join("") });
  const sure = tokens.reduce((sum, { probability }) => sum + probability, 0) / (tokens.length || 1);
  const least = tokens.reduce((least, token) => (token.probability < least.probability ? token : least), tokens[0]);
  fill("#told", tokens.length ? `${count(tokens.length)} tokens, ${percent(sure)} sure on average; least of “${least.token}” (${percent(least.probability)})${$("#text").value.length > LONGEST ? `; the first ${count(LONGEST)} characters are shown` : ""}` : "There is no token in it.");
  paint("#parts", parts, "#detail");
  legend("#legend", [...many].sort((one, other) => other[1] - one[1]).map(([tag, times]) => ({ group: tag, name: meaning(tag), told: count(times) })));
  fill("#detail");
}

walk("#parts");
$("#text").addEventListener("input", update);
attempt(async () => {
  const model = await describe();
  const { tags, column, language } = model.about;
  universal = column === "upos";
  Object.keys(MEANINGS).filter((tag) => tags.includes(tag)).forEach(groupClass);
  fill("#about", `${tags.length} tags (${column}${language ? `, ${language}` : ""}): ${tags.slice(0, 30).join(", ")}${tags.length > 30 ? ", …" : ""}`);
  fill("#report", card(model, false));
  update();
  await fileJob($("#file-job"), model);
});
