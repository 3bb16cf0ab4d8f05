/** The page of the plugin: whether a panel is connected, and what its user asks the panel for. */

import type { premierepro } from "@adobe/premierepro";

import { Link } from "./link.js";
import { Session } from "./session.js";

declare function require(name: "premierepro"): premierepro;
declare function require(name: "fs"): { readFile(path: string, options: { encoding: "utf-8" }): Promise<string> };
declare function require(name: "uxp"): { host: { version: string } };

const LOOK_MS = 1000;
const ppro = require("premierepro");
const fs = require("fs");

async function address(): Promise<string> {
  const installed = JSON.parse(await fs.readFile("plugin:/installed.json", { encoding: "utf-8" }));
  return fs.readFile(`file:${installed.home.startsWith("/") ? "" : "/"}${installed.home}/link.json`, { encoding: "utf-8" });
}

const buttons = Array.from(document.querySelectorAll("button"));
const session = new Session(ppro, require("uxp").host.version, (method, params) => link.tell(method, params));
const link = new Link(address, () => session.about(), session.handlers, show);

function show(): void {
  const state = document.getElementById("state");
  if (state) state.textContent = link.connected ? "Connected with the panel" : `Not connected: ${link.problem}`;
  document.body.classList.toggle("connected", link.connected);
  for (const button of buttons) button.disabled = !link.connected;
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    // What is selected is told before.
    void session.look().then(() => link.tell("command", { name: button.getAttribute("data-command") ?? "" }));
  });
}
show();
link.start();
const looking = setInterval(() => {
  if (link.connected) void session.look();
}, LOOK_MS);
addEventListener("unload", () => {
  clearInterval(looking);
  link.close();
});
