// A table of accounts, sorted and searched by the studio; why one is where it is, and its neighbourhood drawn.
import { $, ask, attempt, bar, base, count, describe, el, fill, latest, percent } from "./studio.js";
import { card } from "./reports.js";

const ROWS = 25;
const WORDS = new Set(["id", "introducer"]);
const view = { offset: 0, sort: "rank", ascending: true };
let sortable = [], matching = 0, chosen = null;

// The table

const update = latest(async (signal) => {
  const found = await ask(`${base}/table`, { ...view, limit: ROWS, search: $("#search").value }, { signal });
  matching = found.matching;
  const last = Math.min(view.offset + ROWS, matching);
  fill("#shown", matching ? `${count(view.offset + 1)} to ${count(last)} of ${count(matching)}${matching < found.accounts ? " that match" : ""}, by ${view.sort}, ${view.ascending ? "rising" : "falling"}` : "No account matches.");
  $("#back").disabled = view.offset === 0;
  $("#on").disabled = last >= matching;
  fill("#body", ...found.rows.map((row) => el("tr", { class: row.id === chosen ? "chosen" : null }, ...found.columns.map((name) => el("td", { class: WORDS.has(name) ? null : "number" }, name === "id" ? pick(row.id) : written(name, row[name]))))));
});

const pick = (id) => el("button", { type: "button", class: "quiet small", title: `Why is ${id} there?`, onclick: () => attempt(() => open(id)) }, id);

function written(name, value) {
  if (value === null) return "";
  if (name === "score") return value.toPrecision(4);
  if (name === "suspicion") return `${value} %`;
  return typeof value === "number" && name !== "community" ? count(value) : String(value);
}

function head(columns) {
  fill("#head", ...columns.map((name) => {
    const here = name === view.sort;
    const label = [name, el("span", { "aria-hidden": "true" }, here ? (view.ascending ? " ▴" : " ▾") : "")];
    const content = sortable.includes(name) ? el("button", { type: "button", onclick: () => sort(name, columns) }, ...label) : name;
    return el("th", { scope: "col", class: WORDS.has(name) ? null : "number", "aria-sort": here ? (view.ascending ? "ascending" : "descending") : null }, content);
  }));
}

function sort(name, columns) {
  view.ascending = name === view.sort ? !view.ascending : ["id", "rank", "distance", "community"].includes(name);
  [view.sort, view.offset] = [name, 0];
  head(columns);
  $("#head").children[columns.indexOf(name)].querySelector("button").focus();
  update();
}

function turn(step) {
  view.offset = Math.max(0, view.offset + step * ROWS);
  update();
}

// Why

async function open(account, focus = false) {
  const [why, near] = await Promise.all([ask(`${base}/explain`, { account }), ask(`${base}/neighbourhood`, { account, most: $("#drawing").closest("main").clientWidth > 700 ? 24 : 14 })]);
  chosen = account;
  $("#body").querySelectorAll("tr").forEach((row) => row.classList.toggle("chosen", row.querySelector("button").textContent === account));
  explain(why);
  $("#near-part").classList.remove("hidden");
  draw(near);
  fill("#problem");
  if (focus) $("#why-title").focus();
}

function explain(why) {
  fill("#why-title", `Why ${why.account} has rank ${count(why.rank)}`);
  fill("#why", `Rank ${count(why.rank)} of ${count(why.of)}, score ${why.score.toPrecision(3)}, ${(why.score * why.of).toPrecision(3)} times the mean; ${count(why.followers)} followers, ${count(why.friends)} friends.`);
  const more = [];
  if (why.before) more.push(el("p", {}, `Before: rank ${count(why.before.rank)}, score ${why.before.score.toPrecision(3)}.`));
  if (why.suspicion >= 0.9) more.push(el("p", { class: "warn" }, `${percent(why.suspicion)} of its support is from accounts that nobody else supports.`));
  const link = (account) => el("button", { type: "button", class: "quiet small", onclick: () => attempt(() => open(account, true)) }, account);
  more.push(el("h3", {}, "Its score comes from"), el("ul", { class: "bars" }, ...why.supporters.map(({ account, share, rank }) => bar(el("span", {}, link(account), el("span", { class: "hint" }, ` rank ${count(rank)}`)), share)), why.others > 5e-4 ? bar("other supporters", why.others) : null, bar("jumps", why.jumps)));
  if (why.paths.length) more.push(el("h3", {}, "On the ways"), el("ul", {}, ...why.paths.map(({ accounts, share }) => el("li", {}, `${accounts.join(" → ")} (${percent(share)})`))));
  if (why.way.length) more.push(el("p", {}, `From the seeds: ${why.way.join(" → ")}, ${count(why.distance)} steps.`));
  if (why.reach.length) more.push(el("p", {}, `Heard ${why.reach.map((many, step) => `within ${step + 1} step${step ? "s" : ""} by ${count(many)}`).join(", ")}.`));
  fill("#more", ...more);
}

// The neighbourhood: supporters to the left, the account in the middle, those it supports to the right

const svg = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

function draw({ nodes, edges }) {
  const [middle, ...others] = nodes;
  const left = others.filter(({ role }) => role !== "supported"), right = others.filter(({ role }) => role === "supported");
  const width = Math.max(280, $("#drawing").clientWidth), height = 40 + 34 * Math.max(left.length, right.length, 3);
  const spots = new Map([[middle.account, [width / 2, height / 2]]]);
  left.forEach(({ account }, place) => spots.set(account, [14, 20 + ((place + 0.5) * (height - 40)) / left.length]));
  right.forEach(({ account }, place) => spots.set(account, [width - 14, 20 + ((place + 0.5) * (height - 40)) / right.length]));
  const most = Math.max(...edges.map(({ share }) => share), 1e-9);
  const lines = edges.map(({ source, target, share }) => {
    const [[x1, y1], [x2, y2]] = [spots.get(source), spots.get(target)];
    const between = source === middle.account || target === middle.account;
    const bend = between ? 0 : x1 === x2 ? (x1 < width / 2 ? 60 : -60) : 0;
    const line = svg("path", { d: `M${x1} ${y1}Q${(x1 + x2) / 2 + bend} ${(y1 + y2) / 2} ${x2} ${y2}`, class: between ? "flow" : "flow faint", "stroke-width": (1 + (6 * share) / most).toFixed(1) });
    line.append(svg("title", {}, `${source} brings ${percent(share)} of the score of ${target}`));
    return line;
  });
  const largest = Math.max(...nodes.map(({ score }) => score));
  const marks = nodes.map((node) => mark(node, spots.get(node.account), width, largest, node === middle));
  const said = (role) => others.filter((node) => node.role === role || node.role === "both").map(({ account }) => account).join(", ") || "nobody";
  fill("#drawing", svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "near", role: "group", "aria-label": `${middle.account}; supported by ${said("supporter")}; supports ${said("supported")}` }, ...lines, ...marks));
  fill("#flows", ...[...edges].sort((one, other) => other.share - one.share).map(({ source, target, share }) => el("tr", {}, el("td", {}, source), el("td", {}, target), el("td", { class: "number" }, percent(share)))));
}

function mark({ account, rank, score, role }, [x, y], width, largest, middle) {
  const side = middle ? "middle" : x < width / 2 ? "start" : "end";
  const short = account.length > width / 45 ? `${account.slice(0, Math.floor(width / 45))}…` : account;
  const label = svg("text", { x: middle ? x : x + (side === "start" ? 16 : -16), y: middle ? y - 20 : y + 4, "text-anchor": side }, `${short} · ${count(rank)}`);
  const group = svg("g", { class: role }, svg("circle", { cx: x, cy: y, r: (4 + 9 * Math.sqrt(score / largest)).toFixed(1) }), label, svg("title", {}, `${account}, rank ${rank}, ${role}`));
  if (middle) return group;
  for (const [name, value] of Object.entries({ tabindex: 0, role: "button", "aria-label": `${account}, rank ${rank}, ${role}` })) group.setAttribute(name, value);
  group.addEventListener("click", () => attempt(() => open(account, true)));
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    attempt(() => open(account, true));
  });
  return group;
}

$("#search").addEventListener("input", () => {
  view.offset = 0;
  update();
});
$("#back").addEventListener("click", () => turn(-1));
$("#on").addEventListener("click", () => turn(1));
attempt(async () => {
  const model = await describe();
  const { accounts, columns, bound, seeds } = model.about;
  sortable = model.about.sortable;
  fill("#about", `${count(accounts)} accounts${seeds.length ? `, seen from ${seeds.slice(0, 5).join(", ")}` : ""}; all scores together are wrong by at most ${bound.toPrecision(2)}.`);
  fill("#report", card(model, false));
  head(columns);
  update();
});
