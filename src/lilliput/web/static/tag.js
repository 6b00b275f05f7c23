// The tokens of a text in the colours of their tags, or its words or sentences in two colours by turns.
import { $, ask, attempt, base, count, describe, fill, latest, percent } from "./studio.js";
import { groupClass, legend, paint, walk } from "./parts.js";
import { card } from "./reports.js";
import { fileJob } from "./jobs.js";

const LONGEST = 20000;
// Universal part-of-speech tags, as universaldependencies.org names them; the frequent ones have colours of their own.
const MEANINGS = { NOUN: "noun", VERB: "verb", PUNCT: "punctuation", PRON: "pronoun", ADP: "adposition", DET: "determiner", PROPN: "proper noun", ADJ: "adjective", AUX: "auxiliary", ADV: "adverb", CCONJ: "coordinating conjunction", NUM: "numeral", PART: "particle", SCONJ: "subordinating conjunction", INTJ: "interjection", SYM: "symbol", X: "other" };
let universal = false, unit = "token";
const meaning = (tag) => (universal && MEANINGS[tag] ? `${tag}, ${MEANINGS[tag]}` : tag);

const update = latest(async (signal) => {
  const text = $("#text").value.slice(0, LONGEST);
  $("#found").classList.toggle("hidden", !text.trim());
  if (!text.trim()) return fill("#told", "There is no text yet.");
  const [{ tokens, segments }] = (await ask(`${base}/predict`, { texts: [text] }, { signal })).predictions;
  show(Array.from(text), tokens ? tokens.map(tagged) : segments.map(cut)); // places are those of characters, not of UTF-16
  if (tokens) countTags(tokens);
});

const tagged = ({ token: text, tag, ...rest }) => ({ ...rest, text, group: tag, label: tag, says: `“${text}”: ${meaning(tag)}, probability ${percent(rest.probability)}` });
const cut = (segment, place) => ({ ...segment, group: place % 2, says: `“${segment.text}”: a border before it, probability ${percent(segment.probability)}` });

function show(characters, found) {
  const parts = [];
  let at = 0;
  for (const part of found) {
    if (part.start > at) parts.push({ text: characters.slice(at, part.start).join("") });
    parts.push(part);
    at = part.end;
  }
  parts.push({ text: characters.slice(at).join("") });
  fill("#told", `${count(found.length)} ${unit}${found.length === 1 ? "" : "s"}${$("#text").value.length > LONGEST ? ` in the first ${count(LONGEST)} characters` : ""}`);
  paint("#parts", parts, "#detail");
  fill("#detail");
}

function countTags(tokens) {
  const many = new Map();
  for (const { tag } of tokens) many.set(tag, (many.get(tag) ?? 0) + 1);
  legend("#legend", [...many].sort((one, other) => other[1] - one[1]).map(([tag, times]) => ({ group: tag, name: meaning(tag), told: count(times) })));
}

walk("#parts");
$("#text").addEventListener("input", update);
attempt(async () => {
  const model = await describe();
  const { tags, column, language } = model.about;
  if (tags) {
    universal = column === "upos";
    Object.keys(MEANINGS).filter((tag) => tags.includes(tag)).forEach(groupClass);
    $("#parts").classList.add("tokens");
    fill("#about", `${tags.length} tags (${column}${language ? `, ${language}` : ""}): ${tags.slice(0, 30).join(", ")}${tags.length > 30 ? ", …" : ""}`);
  } else {
    unit = model.about.unit;
    fill("#about", `Cuts text into ${unit}s.`);
    fill("#parts-title", `Its ${unit}s`);
    $("#legend").remove();
  }
  fill("#report", card(model, false));
  update();
  await fileJob($("#file-job"), model);
});
