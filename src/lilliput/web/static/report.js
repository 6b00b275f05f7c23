import { $, attempt, describe, el, fill } from "./studio.js";
import { card } from "./reports.js";

attempt(async () => fill("#report", card(await describe(), true)));
