// A map of points on a canvas: zoom, move, point, search, hide groups; of two maps both move together, and arrows show
// what moved. What it shows is there as text too: the neighbours of a point below it, and all groups as lists.
import { $, attempt, colours, el, fill } from "./studio.js";

const GREY = new Set(["other", "everywhere"]);
const FONT = "px system-ui, sans-serif";
const LISTED = 60;

/** Make the parts of a map in `target`; gives {show(data), mark(names)}. `act(name)`: what the button `does` of a kept point does. */
export function map(target, does, act) {
  const canvas = el("canvas", { role: "img", tabindex: 0, class: "map" });
  const search = el("input", { type: "search", autocomplete: "off", placeholder: "Find a name", "aria-label": "Find a name on the map" });
  const arrowBox = el("input", { type: "checkbox", checked: true });
  const arrowPart = el("label", { class: "check hidden" }, arrowBox, " arrows");
  const press = (text, label, work) => el("button", { type: "button", class: "quiet", "aria-label": label, onclick: work }, text);
  const bar = el("div", { class: "map-bar" }, search, press("+", "Zoom in", () => zoom(1.4)), press("−", "Zoom out", () => zoom(1 / 1.4)), press("Fit", "Show everything", () => (fit(), choose(-1))), arrowPart);
  const told = el("div", { class: "map-told hint", "aria-live": "polite" });
  const groups = el("div", { class: "legend", role: "group", "aria-label": "Groups" });
  const lists = el("dl", {});
  const table = el("details", { ontoggle: () => list() }, el("summary", {}, "The groups as lists"), lists);
  const note = el("p", { class: "hint" });
  fill(target, bar, canvas, told, groups, note, table);
  const context = canvas.getContext("2d");
  let data = null, marked = new Set(), hidden = new Set(), farthest = [], panes = [], paint, over = -1, pinned = -1, waiting = false, lower = [];
  const view = { scale: 1, x: 0, y: 0 }; // pixels a unit; the middle of a pane

  const at = (pane, [x, y]) => [pane.x + pane.w / 2 + (x - view.x) * view.scale, pane.y + pane.h / 2 + 12 - (y - view.y) * view.scale];
  const colour = (row) => (GREY.has(data.groupNames[data.groups[row]]) ? paint.soft : paint.groups[data.groups[row] % paint.groups.length]);
  const paneOf = (x, y) => panes[Math.max(0, panes.findIndex((pane) => x >= pane.x && x < pane.x + pane.w && y >= pane.y && y < pane.y + pane.h))];

  function resize() {
    const width = canvas.clientWidth, wide = width > 700, many = data?.maps.length ?? 1;
    const each = wide ? Math.min(620, Math.max(420, width / many)) : width;
    const height = Math.round(wide || many === 1 ? each : each * many);
    const ratio = devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    panes = Array.from({ length: many }, (_, place) => (wide ? { x: (place * width) / many, y: 0, w: width / many, h: height } : { x: 0, y: (place * height) / many, w: width, h: height / many }));
    paint = colours();
    redraw();
  }
  function fit() {
    const places = data.maps.flatMap((one) => one.places), xs = places.map(([x]) => x), ys = places.map(([, y]) => y);
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    view.scale = Math.min((panes[0].w - 50) / (right - left || 1), (panes[0].h - 70) / (high - low || 1));
    view.x = (left + right) / 2;
    view.y = (low + high) / 2;
    redraw();
  }
  function redraw() {
    if (!waiting && data) requestAnimationFrame(draw);
    waiting = true;
  }
  function draw() {
    waiting = false;
    context.globalAlpha = 1;
    context.fillStyle = paint.ground;
    context.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    let labelled = arrowBox.checked ? farthest : []; // the second map has the labels of the first where it can
    data.maps.forEach((one, place) => {
      const pane = panes[place];
      context.save();
      context.beginPath();
      context.rect(pane.x, pane.y, pane.w, pane.h);
      context.clip();
      labelled = drawMap(one, pane, place, labelled);
      context.restore();
      context.font = `600 15${FONT}`;
      context.fillStyle = paint.text;
      context.textAlign = "left";
      context.fillText(one.title, pane.x + 12, pane.y + 22);
      context.fillStyle = paint.line;
      if (place) context.fillRect(pane.x, pane.y, pane.x ? 1 : pane.w, pane.x ? pane.h : 1);
    });
  }
  function drawMap(one, pane, place, labelled) {
    const spots = one.places.map((spot) => at(pane, spot)), row = pinned >= 0 ? pinned : over;
    const lit = row >= 0 ? new Set([row, ...one.near[row]]) : null;
    if (place && arrowBox.checked) drawArrows(row >= 0 ? [row] : farthest, pane, spots);
    const grow = Math.min(1.8, Math.max(0.8, Math.sqrt(view.scale / 420)));
    for (let point = spots.length - 1; point >= 0; point--) {
      if (hidden.has(data.groups[point])) continue;
      context.globalAlpha = lit && !lit.has(point) ? 0.25 : 0.75;
      context.fillStyle = colour(point);
      disc(spots[point], (2 + 3.2 * data.weights[point]) * grow);
      context.fill();
      if (!marked.has(data.names[point])) continue;
      context.globalAlpha = 1;
      context.strokeStyle = paint.text;
      context.lineWidth = 2;
      disc(spots[point], 8 * grow);
      context.stroke();
    }
    if (row >= 0) for (const other of one.near[row]) line(spots[row], spots[other], colour(row), 0.55);
    return drawLabels(spots, pane, row, lit, labelled);
  }
  function drawLabels(spots, pane, row, lit, labelled) {
    const taken = [], shown = new Set();
    context.textAlign = "center";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = paint.ground;
    const label = (point, must) => {
      const [x, y] = spots[point];
      if (hidden.has(data.groups[point]) || shown.has(point) || x < pane.x || x > pane.x + pane.w || y < pane.y || y > pane.y + pane.h) return;
      const bold = point === row || marked.has(data.names[point]), size = bold ? 15 : Math.round(11 + 4 * data.weights[point]);
      context.font = `${bold ? "700 " : ""}${size}${FONT}`;
      const half = context.measureText(data.names[point]).width / 2 + 3, box = [x - half, y - size - 5, x + half, y - 3];
      if (!must && taken.some(([l, t, r, b]) => box[0] < r && l < box[2] && box[1] < b && t < box[3])) return;
      taken.push(box);
      shown.add(point);
      context.globalAlpha = lit && !lit.has(point) ? 0.25 : 1;
      context.strokeText(data.names[point], x, y - 6);
      context.fillStyle = colour(point);
      context.fillText(data.names[point], x, y - 6);
    };
    if (row >= 0) label(row, true);
    data.names.forEach((name, point) => marked.has(name) && label(point, true));
    for (const point of [...(lit ?? []), ...labelled]) label(point);
    for (let point = 0; point < spots.length && shown.size < 250; point++) label(point);
    return [...shown];
  }
  function drawArrows(rows, pane, spots) {
    for (const row of rows) {
      if (hidden.has(data.groups[row])) continue;
      const from = at(pane, data.maps[0].places[row]), to = spots[row], angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
      line(from, to, paint.soft, 0.75);
      context.fillStyle = paint.soft;
      context.beginPath();
      context.moveTo(...to);
      for (const turn of [2.75, -2.75]) context.lineTo(to[0] + 8 * Math.cos(angle + turn), to[1] + 8 * Math.sin(angle + turn));
      context.fill();
    }
  }
  function disc(spot, radius) {
    context.beginPath();
    context.arc(...spot, radius, 0, 7);
  }
  function line(from, to, stroke, alpha) {
    context.globalAlpha = alpha;
    context.strokeStyle = stroke;
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  }

  function nearest(x, y) {
    const pane = paneOf(x, y), { places } = data.maps[panes.indexOf(pane)];
    let best = -1, least = 256;
    places.forEach((place, row) => {
      const [px, py] = at(pane, place), away = (px - x) ** 2 + (py - y) ** 2;
      if (away < least && !hidden.has(data.groups[row])) [best, least] = [row, away];
    });
    return best;
  }
  function tell(row) {
    if (row < 0) return fill(told, "Point at a name, click it to keep it, or find it above, to see what lies nearest.");
    const near = data.maps.map((one) => el("p", {}, data.maps.length > 1 ? `${one.title}: ` : "nearest: ", one.near[row].map((other, place) => `${data.names[other]} ${one.cosines[row][place].toFixed(2)}`).join(", ")));
    const button = row === pinned ? el("button", { type: "button", class: "quiet small", onclick: () => act(data.names[row]) }, `${does} ${data.names[row]}`) : null;
    fill(told, el("p", {}, el("strong", {}, data.names[row]), ` · ${data.groupNames[data.groups[row]]} `, button), ...near);
  }
  function choose(row, zoomIn) {
    pinned = row;
    if (row >= 0 && zoomIn) {
      [view.x, view.y] = data.maps[0].places[row];
      view.scale = Math.max(view.scale, panes[0].w * 1.4);
    }
    tell(row);
    redraw();
  }
  function zoom(factor, x, y) {
    const pane = x === undefined ? panes[0] : paneOf(x, y), before = view.scale;
    const dx = x === undefined ? 0 : x - pane.x - pane.w / 2, dy = y === undefined ? 0 : y - pane.y - pane.h / 2 - 12;
    view.scale = Math.min(60000, Math.max(60, before * factor));
    view.x += dx / before - dx / view.scale;
    view.y -= dy / before - dy / view.scale;
    redraw();
  }

  const fingers = new Map();
  let travelled = 0;
  const spot = ({ offsetX, offsetY }) => [offsetX, offsetY];
  canvas.addEventListener("wheel", (event) => {
    if (!data || !(event.ctrlKey || document.activeElement === canvas)) return; // else the page itself is scrolled
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...spot(event));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (!fingers.size) travelled = 0;
    fingers.set(event.pointerId, spot(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!data) return;
    const now = spot(event), last = fingers.get(event.pointerId);
    if (!last) {
      if (pinned >= 0) return;
      const row = nearest(...now);
      if (row !== over) tell((over = row));
      canvas.style.cursor = over >= 0 ? "pointer" : "grab";
      return redraw();
    }
    travelled += Math.abs(now[0] - last[0]) + Math.abs(now[1] - last[1]);
    if (fingers.size === 1 && travelled > 3) {
      view.x -= (now[0] - last[0]) / view.scale;
      view.y += (now[1] - last[1]) / view.scale;
    } else if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1], gap = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
      zoom(gap(now) / (gap(last) || 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    fingers.set(event.pointerId, now);
    redraw();
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, (event) => {
      fingers.delete(event.pointerId);
      if (!data || kind === "pointercancel" || travelled > 3) return;
      const row = nearest(...spot(event));
      choose(row === pinned ? -1 : row);
    });
  }
  canvas.addEventListener("pointerleave", () => {
    if (pinned >= 0 || !data) return;
    over = -1;
    tell(-1);
    redraw();
  });
  canvas.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!data || (!way && !["+", "-", "0", "Escape"].includes(event.key))) return;
    event.preventDefault();
    if (way) [view.x, view.y] = [view.x + (way[0] * 60) / view.scale, view.y + (way[1] * 60) / view.scale];
    else if (event.key === "0") fit();
    else if (event.key === "Escape") choose(-1);
    else return zoom(event.key === "+" ? 1.4 : 1 / 1.4);
    redraw();
  });
  search.addEventListener("input", () => data && find(search.value));
  function find(name) {
    const asked = name.trim().toLowerCase();
    let row = asked ? lower.indexOf(asked) : -1;
    if (asked && row < 0) row = lower.findIndex((other) => other.startsWith(asked));
    choose(row, true);
    if (asked && row < 0) fill(told, `“${name}” is not among the ${data.names.length} on the map.`);
    return row >= 0;
  }
  arrowBox.addEventListener("change", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", resize);
  new ResizeObserver(([entry]) => Math.round(entry.contentRect.width * (devicePixelRatio || 1)) !== canvas.width && data && (resize(), fit())).observe(canvas);

  function legend() {
    fill(groups, ...data.groupNames.map((name, group) => {
      const box = el("input", { type: "checkbox", checked: true, onchange: () => (box.checked ? hidden.delete(group) : hidden.add(group), redraw()) });
      return el("label", { class: "check" }, box, " ", el("span", { class: `swatch ${GREY.has(name) ? "g-none" : `g${group % 12}`}`, "aria-hidden": "true" }), name);
    }));
  }
  function list() {
    if (!table.open || !data || lists.childElementCount) return;
    const members = data.groupNames.map((_, group) => data.names.filter((_, row) => data.groups[row] === group));
    fill(lists, ...data.groupNames.flatMap((name, group) => [el("dt", {}, name), el("dd", {}, members[group].slice(0, LISTED).join(", ") + (members[group].length > LISTED ? `, and ${members[group].length - LISTED} more` : ""))]));
  }
  function show(drawn) {
    data = drawn;
    [hidden, over, pinned] = [new Set(), -1, -1];
    lower = data.names.map((name) => name.toLowerCase());
    const two = data.maps.length > 1;
    const way = (row) => Math.hypot(...[0, 1].map((axis) => data.maps[0].places[row][axis] - data.maps[1].places[row][axis]));
    farthest = two ? data.names.map((_, row) => row).sort((one, other) => way(other) - way(one)).slice(0, Math.max(12, data.names.length / 40)) : [];
    arrowPart.classList.toggle("hidden", !two);
    canvas.setAttribute("aria-label", `${data.maps.map((one) => one.title).join("; ")}: a map of ${data.names.length} names, what is alike lies together${two ? `; farthest move ${farthest.slice(0, 8).map((row) => data.names[row]).join(", ")}` : ""}. Arrow keys move it, plus and minus zoom.`);
    fill(note, data.note);
    lists.replaceChildren();
    list();
    legend();
    tell(-1);
    resize();
    fit();
  }
  return { show, mark: (names) => ((marked = new Set(names)), redraw()) };
}

/** Let the button #draw do `work`, which shows a map and gives what #map-told is to say; gives a function that does so too. */
export function drawButton(work) {
  const draw = () => attempt(async () => {
    $("#draw").disabled = true;
    fill("#map-told", "Drawing the map; that takes some seconds the first time …");
    try {
      fill("#map-told", await work());
      fill("#draw", "Draw again");
    } catch (error) {
      fill("#map-told", error.message);
      throw error;
    } finally {
      $("#draw").disabled = false;
    }
  });
  $("#draw").addEventListener("click", draw);
  return draw;
}
