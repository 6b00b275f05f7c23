import { $, ask, attempt, el, fill } from "./studio.js";
import { card } from "./reports.js";

attempt(async () => {
  const { models } = await ask("/v1/models");
  const none = el("p", {}, "No model is loaded. ", el("a", { href: "/train" }, "Train one"), ", or start the studio with a model file.");
  fill("#models", ...(models.length ? models.map((model) => card(model)) : [none]));
  performance.mark("lilliput-usable");
  $("#models").setAttribute("aria-busy", "false");
});
