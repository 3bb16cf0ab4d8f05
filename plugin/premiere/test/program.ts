/**
 * A program that runs the plugin as Premiere would: `node program.js PLUGIN`, with what a person does as lines of JSON on
 * its input, `{"do": NAME, "with": [...]}`, each answered by one line. PLUGIN: the folder that was installed.
 */

import { readFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

import { premiere } from "./fake.js";
import { asked as done, exact, Person, ratio } from "./person.js";
import { probed } from "./probe.js";
import { type MediaFile, World } from "./world.js";
import { imported } from "./xmeml.js";

const plugin = process.argv[2]!;
const files = new Map<string, MediaFile | null>();

function probe(path: string): MediaFile | null {
  if (!files.has(path)) files.set(path, probed(path));
  return files.get(path)!;
}

const subclips = process.env.SUBCLIPS_COUNT_FROM === "subclip" ? "subclip" : "media";
const world = new World({ probe, sequence: imported, subclipsCountFrom: subclips });
const person = new Person(world);

const modules: Record<string, unknown> = {
  premierepro: premiere(world),
  uxp: { host: { version: "26.3.0" } },
  fs: {
    // plugin:/ is the plugin's own folder, file:/ the disk.
    readFile: async (path: string) => readFileSync(path.startsWith("plugin:/") ? join(plugin, path.slice(8)) : path.slice(5), "utf-8"),
  },
};
const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = (name, ...rest) => (name in modules ? modules[name] : load(name, ...rest));

Object.assign(globalThis, {
  WebSocket,
  document: { getElementById: () => null, querySelectorAll: () => [], body: { classList: { toggle: () => undefined } } },
  addEventListener: () => undefined,
});
load(join(plugin, "panel.js"), null, false);

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { do: name, with: given } = JSON.parse(line);
    // Files that are not there: how long they would be, in seconds, and their rates.
    if (name === "files") {
      for (const [path, [seconds, rate]] of Object.entries<[string, string]>(given[0])) {
        files.set(path, { duration: exact(seconds, "1"), rate: ratio(rate), video: true, audio: true });
      }
    }
    process.stdout.write(`${name === "files" ? "{\"result\":null}" : done(world, person, line)}\n`);
  })
  .on("close", () => process.exit());
