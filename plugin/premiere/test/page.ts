/**
 * The plugin's page in Chromium: `node page.js PLUGIN CHROMIUM`, told on its input as `program.ts` is, and also
 * `click` a button, `shown`, the line about the connection, and `screenshot` to a file. PLUGIN is the folder that was
 * installed, beside which Chromium keeps its own; the page is the installed one, with a `require` before its script as UXP has it.
 */

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";

import { probed } from "./probe.js";

const [plugin = "", program = ""] = process.argv.slice(2);
const folder = join(plugin, "..", "page");
mkdirSync(folder, { recursive: true });
// A page of a file has the origin null otherwise, which the panel refuses as that of a page in a browser.
const flags = ["--allow-file-access-from-files", "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", `--user-data-dir=${folder}/profile`];
const chromium = spawn(program, [...flags, "--hide-scrollbars", "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });

function end(status: number): void {
  chromium.once("exit", () => process.exit(status));
  chromium.kill();
}

const address = new Promise<string>((done) => {
  createInterface({ input: chromium.stderr! }).on("line", (line) => {
    const match = /DevTools listening on (ws:\S+)/.exec(line);
    if (match) done(match[1]!);
  });
});

/** Of https://chromedevtools.github.io/devtools-protocol/ . */
class DevTools {
  private readonly waiting = new Map<number, (result: any) => void>();
  private numbers = 0;
  session: string | undefined;

  constructor(
    private readonly socket: WebSocket,
    heard: (method: string, params: any) => void,
  ) {
    socket.on("message", (data) => {
      const { id, method, params, result, error } = JSON.parse(String(data));
      if (id === undefined) return heard(method, params);
      this.waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
      this.waiting.delete(id);
    });
  }

  call(method: string, params: object = {}): Promise<any> {
    const id = ++this.numbers;
    this.socket.send(JSON.stringify({ id, method, params, sessionId: this.session }));
    return new Promise((done) => this.waiting.set(id, done));
  }

  async evaluate(expression: string): Promise<any> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }
}

function bootstrap(): string {
  const sources: Record<string, string> = {};
  for (const name of readdirSync(plugin).filter((one) => one.endsWith(".js"))) sources[`plugin/${name}`] = readFileSync(join(plugin, name), "utf-8");
  for (const name of readdirSync(__dirname).filter((one) => one.endsWith(".js"))) sources[`test/${name}`] = readFileSync(join(__dirname, name), "utf-8");
  const installed = readFileSync(join(plugin, "installed.json"), "utf-8");
  const { home } = JSON.parse(installed);
  const files = { "plugin:/installed.json": installed, [`file:${home}/link.json`]: readFileSync(`${home}/link.json`, "utf-8") };
  const text = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");
  return `
    const secondunitFiles = ${text(files)};
    const sources = ${text(sources)}, made = {};
    const load = (folder) => (name) => {
      if (folder === "plugin" && name in inpage.modules) return inpage.modules[name];
      const path = folder + "/" + name.replace("./", "");
      if (!(path in made)) {
        const module = (made[path] = { exports: {} });
        new Function("exports", "module", "require", sources[path])(module.exports, module, load(folder));
      }
      return made[path].exports;
    };
    const inpage = load("test")("./inpage.js");
    window.require = load("plugin");
    window.exports = {};
    window.inpage = inpage;`;
}

async function main(): Promise<void> {
  const socket = new WebSocket(await address);
  await new Promise((done) => socket.once("open", done));
  const tell = (path: string): Promise<any> => {
    const file = probed(path);
    const told = file && { ...file, duration: `${file.duration}` };
    return tools.evaluate(`inpage.found(${JSON.stringify(path)}, ${JSON.stringify(told)})`);
  };
  const tools: DevTools = new DevTools(socket, (method, params) => {
    if (method === "Runtime.bindingCalled") void tell(params.payload);
    if (method === "Runtime.exceptionThrown") process.stderr.write(`${JSON.stringify(params.exceptionDetails)}\n`);
  });
  const page = readFileSync(join(plugin, "index.html"), "utf-8");
  const path = join(folder, "index.html");
  writeFileSync(path, page.replace('<script src="panel.js">', `<script>${bootstrap()}</script><script src="${pathToFileURL(join(plugin, "panel.js"))}">`));
  const { targetId } = await tools.call("Target.createTarget", { url: "about:blank" });
  tools.session = (await tools.call("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  await tools.call("Runtime.enable");
  await tools.call("Page.enable");
  await tools.call("Runtime.addBinding", { name: "secondunitFind" });
  await tools.call("Emulation.setDeviceMetricsOverride", { width: 260, height: 256, deviceScaleFactor: 2, mobile: false });
  await tools.call("Page.navigate", { url: pathToFileURL(path).href });
  for (;;) {
    if ((await tools.evaluate("document.readyState")) === "complete") break;
    await new Promise((done) => setTimeout(done, 20));
  }
  const asked = async (line: string): Promise<string> => {
    const { do: name, with: given } = JSON.parse(line);
    if (name === "click") return JSON.stringify({ result: await tools.evaluate(`document.querySelector('[data-command="${given[0]}"]').click()`) ?? null });
    if (name === "shown") return JSON.stringify({ result: await tools.evaluate(`document.getElementById("state").textContent`) });
    if (name === "screenshot") {
      const { data } = await tools.call("Page.captureScreenshot");
      writeFileSync(given[0], Buffer.from(data, "base64"));
      return JSON.stringify({ result: null });
    }
    if (name === "open") for (const { media } of given[1].strips) if (media) await tell(media.path);
    return tools.evaluate(`inpage.done(${JSON.stringify(line)})`);
  };
  let last: Promise<unknown> = Promise.resolve();
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      last = last.then(() => asked(line)).then(
        (answer) => process.stdout.write(`${answer}\n`),
        (error) => process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`),
      );
    })
    .on("close", () => void last.then(() => end(0)));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  end(1);
});
