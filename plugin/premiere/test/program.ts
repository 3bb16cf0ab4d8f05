/**
 * A program that runs the plugin as Premiere would: `node program.js PLUGIN`, with what a person does as lines of JSON on
 * its input, `{"do": NAME, "with": [...]}`, each answered by one line. PLUGIN: the folder that was installed.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

import { premiere } from "./fake.js";
import { open, Person } from "./person.js";
import { type MediaFile, PER_SECOND, World } from "./world.js";

const plugin = process.argv[2]!;
const files = new Map<string, MediaFile | null>();

function probe(path: string): MediaFile | null {
  if (!files.has(path)) files.set(path, probed(path));
  return files.get(path)!;
}

function probed(path: string): MediaFile | null {
  const asked = ["-v", "error", "-show_entries", "stream=codec_type,r_frame_rate,duration_ts,time_base,nb_frames:stream_tags:format=duration", "-of", "json", path];
  let told: any;
  try {
    told = JSON.parse(execFileSync("ffprobe", asked, { encoding: "utf-8" }));
  } catch {
    return null;
  }
  const streams = (type: string): any[] => told.streams.filter((one: any) => one.codec_type === type);
  const [video] = streams("video");
  const [over, under] = String(video?.r_frame_rate ?? "0/1").split("/");
  const seconds = BigInt(Math.round(Number(told.format.duration) * 1e6));
  const frames = video?.nb_frames ? (BigInt(video.nb_frames) * BigInt(under!) * PER_SECOND) / BigInt(over!) : (seconds * PER_SECOND) / 1000000n;
  return { duration: frames, rate: Number(over) / Number(under), video: streams("video").length > 0, audio: streams("audio").length > 0 };
}

const subclips = process.env.SUBCLIPS_COUNT_FROM === "subclip" ? "subclip" : "media";
const world = new World({ probe, subclipsCountFrom: subclips });
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
    const asked = JSON.parse(line);
    let result: unknown = null;
    try {
      if (asked.do === "open") open(world, ...(asked.with as [string, any]));
      else if (asked.do === "undo") world.undo();
      else if (asked.do === "reopen") world.reopen();
      else if (asked.do === "fail") world.failing = asked.with[0];
      else result = (person as any)[asked.do](...asked.with) ?? null;
      process.stdout.write(`${JSON.stringify({ result })}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
    }
  })
  .on("close", () => process.exit());
