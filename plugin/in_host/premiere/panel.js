"use strict";
/** The page of the plugin: whether a panel is connected, and what its user asks the panel for. */
Object.defineProperty(exports, "__esModule", { value: true });
const link_js_1 = require("./link.js");
const session_js_1 = require("./session.js");
const LOOK_MS = 1000;
const ppro = require("premierepro");
const fs = require("fs");
async function address() {
    const installed = JSON.parse(await fs.readFile("plugin:/installed.json", { encoding: "utf-8" }));
    return fs.readFile(`file:${installed.home.startsWith("/") ? "" : "/"}${installed.home}/link.json`, { encoding: "utf-8" });
}
const buttons = Array.from(document.querySelectorAll("button"));
const session = new session_js_1.Session(ppro, require("uxp").host.version, (method, params) => link.tell(method, params));
const link = new link_js_1.Link(address, () => session.about(), session.handlers, show);
function show() {
    const state = document.getElementById("state");
    if (state)
        state.textContent = link.connected ? "Connected with the panel" : `Not connected: ${link.problem}`;
    document.body.classList.toggle("connected", link.connected);
    for (const button of buttons)
        button.disabled = !link.connected;
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
    if (link.connected)
        void session.look();
}, LOOK_MS);
addEventListener("unload", () => {
    clearInterval(looking);
    link.close();
});
