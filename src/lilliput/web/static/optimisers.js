// The race, animated: paths over surfaces whose heights are told on a grid.
import { $, ask, attempt, colours, el, fill } from "./studio.js";

const SIZE = 480;
const FRAMES = 200;
const BANDS = 18;
let race = null;
let names = [];
let frame = 0;
let playing = null;
const hidden = new Set();
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

// The frames grow with the steps, as the first of them tell most.
const stepAt = (frame, last) => (frame <= 0 ? 0 : Math.round(last ** (frame / FRAMES)));

function ground(surface) {
  const { side, heights } = surface;
  const low = Math.min(...heights), high = Math.max(...heights);
  const picture = new ImageData(SIZE, SIZE);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      const x = (column / (SIZE - 1)) * (side - 1), y = (1 - row / (SIZE - 1)) * (side - 1);
      const left = Math.min(side - 2, Math.floor(x)), below = Math.min(side - 2, Math.floor(y));
      const across = x - left, up = y - below, at = below * side + left;
      const height = (heights[at] * (1 - across) + heights[at + 1] * across) * (1 - up) + (heights[at + side] * (1 - across) + heights[at + side + 1] * across) * up;
      const band = Math.floor(((height - low) / (high - low)) * BANDS) / BANDS;
      const shade = dark ? 24 + 46 * band : 252 - 62 * (1 - band);
      picture.data.set([shade, shade + (dark ? 3 : -2), shade + (dark ? 7 : -6), 255], 4 * (row * SIZE + column));
    }
  }
  return picture;
}

function draw() {
  const look = colours();
  const last = Math.max(...race.surfaces.flatMap((surface) => surface.runs.map((run) => run.at.at(-1))));
  const step = stepAt(frame, last);
  $("#at").textContent = `Step ${step}`;
  for (const surface of race.surfaces) {
    const pen = surface.canvas.getContext("2d");
    surface.ground ??= ground(surface);
    pen.putImageData(surface.ground, 0, 0);
    const [left, right, low, high] = surface.window;
    const place = ([x, y]) => [((x - left) / (right - left)) * SIZE, (1 - (y - low) / (high - low)) * SIZE];
    const [startX, startY] = place(surface.start);
    pen.fillStyle = look.text;
    pen.fillRect(startX - 4, startY - 4, 8, 8);
    for (const run of surface.runs) {
      if (hidden.has(run.optimiser)) continue;
      pen.strokeStyle = pen.fillStyle = look.groups[names.indexOf(run.optimiser) % look.groups.length];
      pen.lineWidth = 2;
      pen.beginPath();
      let head = place(run.path[0]);
      run.path.forEach((at, number) => {
        if (run.at[number] > step) return;
        head = place(at);
        pen[number ? "lineTo" : "moveTo"](...head);
      });
      pen.stroke();
      pen.beginPath();
      pen.arc(...head, 5, 0, 7);
      pen.fill();
    }
  }
}

function show(next) {
  frame = Math.max(0, Math.min(FRAMES, next));
  $("#step").value = frame;
  draw();
  if (frame >= FRAMES) stop();
}

function stop() {
  cancelAnimationFrame(playing);
  playing = null;
  $("#play").textContent = frame >= FRAMES ? "Play again" : "Play";
}

function play() {
  if (playing) return stop();
  if (frame >= FRAMES) frame = 0;
  $("#play").textContent = "Pause";
  let before = performance.now();
  const tick = (now) => {
    playing = requestAnimationFrame(tick);
    const gone = (now - before) / 50;
    if (gone < 1) return;
    before = now;
    show(frame + Math.round(gone));
  };
  playing = requestAnimationFrame(tick);
}

function keys() {
  const look = colours();
  const toggle = (name, on) => {
    hidden[on ? "delete" : "add"](name);
    draw();
  };
  return names.map((name, number) => {
    const box = el("input", { type: "checkbox", checked: true, id: `key${number}`, onchange: (event) => toggle(name, event.target.checked) });
    const dot = el("span", { class: "dot", "aria-hidden": "true" });
    dot.style.background = look.groups[number % look.groups.length];
    return el("label", { for: `key${number}`, class: "legend" }, box, dot, name);
  });
}

function table() {
  const head = el("tr", {}, el("th", { scope: "col" }, "Optimiser"), ...race.surfaces.map((surface) => el("th", { scope: "col", class: "number" }, surface.name)));
  const rows = names.map((name) => {
    const cells = race.surfaces.map((surface) => {
      const run = surface.runs.find((one) => one.optimiser === name);
      return el("td", { class: "number" }, run ? `${run.steps ?? "not"} (${run.rate})` : "");
    });
    return el("tr", {}, el("th", { scope: "row" }, name), ...cells);
  });
  fill("#steps", el("thead", {}, head), el("tbody", {}, ...rows));
}

attempt(async () => {
  try {
    race = await ask("/v1/optimisers");
  } finally {
    $("#busy").remove();
  }
  names = [...new Set(race.surfaces.flatMap((surface) => surface.runs.map((run) => run.optimiser)))];
  for (const surface of race.surfaces) {
    surface.canvas = el("canvas", { width: SIZE, height: SIZE, role: "img", "aria-label": `Paths of the optimisers over the surface ${surface.name}; the table below tells the steps` });
    $("#maps").append(el("figure", { class: "card" }, surface.canvas, el("figcaption", {}, surface.name)));
  }
  fill("#keys", ...keys());
  table();
  $("#play").addEventListener("click", play);
  $("#step").addEventListener("input", (event) => {
    stop();
    show(Number(event.target.value));
  });
  $("#play").disabled = $("#step").disabled = false;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const surface of race.surfaces) surface.ground = null;
    fill("#keys", ...keys());
    draw();
  });
  show(calm ? FRAMES : 0);
  if (!calm) play();
});
