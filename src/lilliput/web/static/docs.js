// The API, from its own description.
import { ask, attempt, el, fill } from "./studio.js";

let schemas = {};

const resolved = (schema) => (schema?.$ref ? schemas[schema.$ref.split("/").at(-1)] : schema) ?? {};

function kind(schema) {
  if (schema.$ref) return kind(resolved(schema));
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.type === "array") return `list of ${kind(schema.items ?? {})}`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object") return `object of ${kind(schema.additionalProperties)}`;
  return schema.type ?? "any";
}

function bounds(schema) {
  const told = [];
  for (const one of [schema, ...(schema.anyOf ?? [])]) {
    if (one.minimum !== undefined || one.maximum !== undefined) told.push(`${one.minimum ?? ""} to ${one.maximum ?? ""}`);
    if (one.maxItems !== undefined) told.push(`at most ${one.maxItems}`);
  }
  if (schema.default !== undefined) told.push(`${JSON.stringify(schema.default)} if not given`);
  return told.join(", ");
}

function fields(schema) {
  const form = resolved(schema);
  const rows = Object.entries(form.properties ?? {}).map(([name, field]) => {
    const about = [field.description, bounds(field)].filter(Boolean).join("; ");
    const must = form.required?.includes(name) ? "required" : "";
    return el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)), el("td", {}, kind(field)), el("td", {}, [must, about].filter(Boolean).join("; ")));
  });
  return rows.length ? el("div", { class: "scroll" }, el("table", {}, el("tbody", {}, ...rows))) : null;
}

function tried(path, example, id) {
  const box = el("textarea", { id, rows: 4, spellcheck: "false" });
  box.value = JSON.stringify(example, null, 2);
  const answer = el("pre", { tabindex: "0", role: "region", "aria-label": "Answer", class: "hidden" });
  const send = async () => {
    const sent = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: box.value });
    const told = await sent.text();
    answer.classList.remove("hidden");
    fill(answer, `${sent.status}\n${pretty(told)}`);
  };
  const shell = `curl -H 'Content-Type: application/json' -d '${JSON.stringify(example).replaceAll("'", "'\\''")}' ${location.origin}${path}`;
  return [el("pre", { tabindex: "0", role: "region", "aria-label": "For the shell" }, shell), el("label", { for: id }, "Try it"), box, el("div", { class: "row" }, el("button", { type: "button", onclick: () => attempt(send) }, "Send")), answer];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function operation(path, method, told, number) {
  const body = told.requestBody?.content?.["application/json"];
  const asked = body?.schema;
  const answered = told.responses?.["200"]?.content?.["application/json"]?.schema;
  const parts = [];
  for (const [title, schema] of [["Asked", asked], ["Answered", answered]]) {
    const table = schema && fields(schema);
    if (table) parts.push(el("h3", {}, title), table);
  }
  if (asked && method === "post") parts.push(...tried(path, body.example ?? {}, `try${number}`));
  const title = el("summary", {}, el("code", {}, `${method.toUpperCase()} ${path}`), ` ${told.summary ?? ""}`);
  return el("details", { class: "card" }, title, ...parts);
}

attempt(async () => {
  const told = await ask("/openapi.json");
  schemas = told.components?.schemas ?? {};
  const groups = new Map();
  let number = 0;
  for (const [path, methods] of Object.entries(told.paths)) {
    for (const [method, one] of Object.entries(methods)) {
      const tag = one.tags?.[0] ?? "studio";
      groups.set(tag, [...(groups.get(tag) ?? []), operation(path, method, one, number++)]);
    }
  }
  fill("#api", ...[...groups].flatMap(([tag, operations]) => [el("h2", {}, tag), ...operations]));
});
