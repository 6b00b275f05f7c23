// What goes with some items: chips with suggestions as one types, cards with reasons, and a map of where all lie.
import { $, ask, attempt, base, count, describe, el, fill, latest, percent } from "./studio.js";
import { drawButton, map } from "./map.js";
import { card } from "./reports.js";

const SHOWN = 10;
let model, items = [], fresh = [], options = [], active = -1, found = [], drawing = null; // fresh: not yet answered

// Items: a combobox, and chips

const complete = latest(async (signal) => {
  const typed = $("#item").value.trim();
  const answer = typed ? await ask(`${base}/complete`, { typed, k: 8 }, { signal }) : { items: [] };
  if (document.activeElement === $("#item")) offer(answer.items.filter(({ item }) => !items.includes(item)));
}, 60);

function offer(offered) {
  options = offered;
  active = -1;
  fill("#options", ...offered.map(({ item, baskets }, place) => el("li", { role: "option", id: `option-${place}`, "aria-selected": "false", onpointerdown: (event) => (event.preventDefault(), add(item)) }, item, el("span", { class: "hint" }, ` ${count(baskets)}`))));
  $("#options").classList.toggle("hidden", !offered.length);
  $("#item").setAttribute("aria-expanded", String(offered.length > 0));
  $("#item").removeAttribute("aria-activedescendant");
}

function point(step) {
  if (!options.length) return;
  active = (active + step + options.length + (active < 0 && step < 0 ? 1 : 0)) % options.length;
  [...$("#options").children].forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
  $("#options").children[active].scrollIntoView({ block: "nearest" });
  $("#item").setAttribute("aria-activedescendant", `option-${active}`);
}

$("#item").addEventListener("input", complete);
$("#item").addEventListener("blur", () => offer([]));
$("#item").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) point(step);
  else if (event.key === "Enter") add(options[active]?.item ?? $("#item").value);
  else if (event.key === "Escape") offer([]);
  else if (event.key === "Backspace" && !$("#item").value && items.length) return remove(items.at(-1));
  else return;
  event.preventDefault();
});

function add(item) {
  for (const one of item.split(",").map((part) => part.trim())) if (one && !items.includes(one)) fresh.push(one);
  items.push(...fresh.filter((one) => !items.includes(one)));
  $("#item").value = "";
  offer([]);
  change();
}

function remove(item) {
  items = items.filter((one) => one !== item);
  $("#item").focus();
  change();
}

function change() {
  chips();
  update();
}

function chips() {
  fill("#chips", ...items.map((item) => el("li", { class: "chip" }, item, el("button", { type: "button", "aria-label": `Remove ${item}`, onclick: () => remove(item) }, "×"))));
  $("#examples").classList.toggle("hidden", items.length > 0);
}

// Suggestions

const update = latest(async (signal) => {
  const adventurous = Number($("#adventurous").value), context = $("#context").value || null;
  fill("#daring", adventurous === 0 ? "usual" : adventurous === 1 ? "from afar" : percent(adventurous));
  if (!items.length) {
    found = [];
    fill("#found");
    fill("#told", "Add an item to begin.");
    return mark();
  }
  try {
    ({ suggestions: found } = await ask(`${base}/predict`, { items, k: SHOWN, adventurous, context }, { signal }));
  } catch (error) {
    if (error.status === 422 && fresh.length) refuse();
    throw error;
  }
  fresh = [];
  fill("#told", found.length ? `${found.length} suggestions, the best: ${found.slice(0, 3).map(({ item }) => item).join(", ")}` : "Nothing goes with these that the data does not speak against.");
  fill("#found", ...found.map(suggestion));
  mark();
});

// What is not known is put back to be mended.
function refuse() {
  items = items.filter((one) => !fresh.includes(one));
  $("#item").value = fresh.join(", ");
  fresh = [];
  chips();
}

function suggestion({ item, score, why }) {
  const given = Object.entries(why.baskets).map(([other, baskets]) => `${baskets === null ? `under ${model.about.least_pair}` : count(baskets)} with ${other}`);
  const most = Object.entries(why.properties).sort((one, other) => other[1] - one[1])[0];
  const reasons = [`In baskets: ${given.join(", ")}; ${why.lift.toPrecision(2)} times as often as by chance.`];
  if (why.shared.length) reasons.push(`Both go with ${why.shared.join(", ")}.`);
  if (most?.[1]) reasons.push(`${most[1]} in common with ${most[0]}: ${why.rarest.join(", ")}.`);
  const instead = el("ul", { class: "chips" });
  const button = (text, label, work) => el("button", { type: "button", class: "quiet small", "aria-label": label, onclick: work }, text);
  return el("li", {}, el("div", { class: "head" }, el("strong", {}, item), el("span", { class: "hint" }, percent(score)), button("Add", `Add ${item}`, () => add(item)), button("Instead", `Instead of ${item}`, () => attempt(() => substitutes(item, instead)))), el("p", { class: "hint" }, reasons.join(" ")), instead);
}

async function substitutes(item, target) {
  const answer = await ask(`${base}/substitutes`, { item, k: 6 });
  fill(target, ...answer.substitutes.map((one) => el("li", { class: "chip" }, one.item, el("button", { type: "button", "aria-label": `Add ${one.item}`, onclick: () => add(one.item) }, "+"))));
  if (!answer.substitutes.length) fill(target, el("li", { class: "hint" }, "Nothing else is used like it."));
}

// The map

const mark = () => drawing?.mark([...items, ...found.map(({ item }) => item)]);

const draw = drawButton(async () => {
  const context = $("#context").value || null;
  const drawn = await ask(`${base}/map`, { context });
  const moved = context ? (await ask(`${base}/condition`, { on: context, k: 12 })).moved : [];
  drawing ??= map($("#map"), "Add", add);
  drawing.show(drawn);
  mark();
  const told = moved.filter((one) => one.rank_after < one.rank_before).map(({ item, rank_before: from, rank_after: to }) => `${item} (${count(from)} to ${count(to)})`);
  return told.length ? `Seen from ${context}, these come nearest to it, by rank: ${told.join(", ")}.` : "Rings are what you have and what is suggested.";
});

$("#adventurous").addEventListener("input", update);
$("#context").addEventListener("change", () => {
  update();
  if (drawing) draw();
});
attempt(async () => {
  model = await describe();
  const { items: known, baskets, contexts, examples } = model.about;
  fill("#about", `${count(known)} items from ${count(baskets)} baskets${contexts.length ? `, ${count(contexts.length)} contexts` : ""}.`);
  $("#context").append(...contexts.map((context) => el("option", { value: context }, context)));
  $("#context-part").classList.toggle("hidden", !contexts.length);
  fill("#examples", el("span", { class: "hint" }, "For example"), ...examples.slice(0, 6).map((item) => el("button", { type: "button", class: "quiet small", onclick: () => add(item) }, item)));
  fill("#report", card(model, false));
});
