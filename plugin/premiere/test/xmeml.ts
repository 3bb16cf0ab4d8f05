/**
 * Final Cut Pro 7 XML as Premiere imports it: a sequence beside the others.
 *
 * After Apple's "Final Cut Pro XML Interchange Format"
 * (https://developer.apple.com/library/archive/documentation/AppleApplications/Reference/FinalCutPro_XML/): frames of the
 * sequence in start and end, -1 under a transition; in and out at the clip's rate, counted as it plays.
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DOMParser } from "@xmldom/xmldom";

import { exact } from "./person.js";
import type { ItemRecord, SequenceRecord, TrackRecord, World } from "./world.js";

type Node = any;

const children = (of: Node, name: string): Node[] => Array.from<Node>(of.childNodes).filter((one) => one.nodeName === name);
const child = (of: Node, ...names: string[]): Node => names.reduce((one, name) => one && children(one, name)[0], of);
const text = (of: Node, ...names: string[]): string => child(of, ...names)?.textContent ?? "";

function rate(of: Node): string {
  const base = text(of, "rate", "timebase");
  return text(of, "rate", "ntsc") === "TRUE" ? `${BigInt(base) * 1000n}/1001` : base;
}

export function imported(world: World, path: string): void {
  const root = new DOMParser().parseFromString(readFileSync(path, "utf-8"), "text/xml") as Node;
  const sequence = child(root.documentElement, "sequence");
  const own = rate(sequence);
  const perFrame = exact("1", own);
  const files = new Map<string, string>();
  for (const file of Array.from<Node>(root.getElementsByTagName("file"))) {
    const url = text(file, "pathurl");
    if (url) files.set(file.getAttribute("id"), fileURLToPath(url.replace("file://localhost/", "file:///")));
  }
  const tracks = (kind: string): TrackRecord[] =>
    children(child(sequence, "media", kind), "track").map((track) => read(world, track, files, perFrame));
  const made: SequenceRecord = {
    ...{ guid: `sequence${world.number()}`, name: text(sequence, "name"), perFrame },
    ...{ zero: perFrame * BigInt(text(sequence, "timecode", "frame")), player: 0n, video: tracks("video"), audio: tracks("audio") },
    markers: children(sequence, "marker").map((one) => {
      const [begin, end] = [BigInt(text(one, "in")), BigInt(text(one, "out"))];
      const duration = end < 0n ? 0n : (end - begin) * perFrame;
      return { name: text(one, "name"), start: begin * perFrame, duration, comments: text(one, "comment") };
    }),
    properties: {},
  };
  world.state.sequences.push(made);
  const item = { name: made.name, parent: null, path: "", bin: false, nested: true, subclip: null, marks: null };
  world.state.items.push({ ...item, id: made.guid });
}

function read(world: World, track: Node, files: Map<string, string>, perFrame: bigint): TrackRecord {
  const made: TrackRecord = { name: "", muted: text(track, "enabled") === "FALSE", locked: text(track, "locked") === "TRUE", items: [], transitions: [] };
  const all = Array.from<Node>(track.childNodes).filter((one) => ["clipitem", "transitionitem"].includes(one.nodeName));
  const frame = (of: Node, name: string): bigint => BigInt(text(of, name)) * perFrame;
  const cut = (one: Node): bigint => {
    const [start, end] = [frame(one, "start"), frame(one, "end")];
    const alignment = text(one, "alignment");
    return alignment === "start" || alignment === "start-black" ? start : alignment.startsWith("end") ? end : (start + end) / 2n;
  };
  const items = new Map<Node, ItemRecord>();
  all.forEach((one, at) => {
    if (one.nodeName !== "clipitem") return;
    const [before, after] = [all[at - 1], all[at + 1]];
    const [under, over] = [text(one, "start") === "-1", text(one, "end") === "-1"];
    const [start, end] = [under ? cut(before) : frame(one, "start"), over ? cut(after) : frame(one, "end")];
    const path = files.get(child(one, "file").getAttribute("id"))!;
    let project = world.state.items.find((other) => other.path === path && !other.subclip);
    if (!project) {
      project = { id: `item${world.number()}`, name: path.slice(path.lastIndexOf("/") + 1), parent: null, path, bin: false, nested: false, subclip: null, marks: null };
      world.state.items.push(project);
    }
    const parameters = Array.from<Node>(one.getElementsByTagName("parameter"));
    const value = (id: string): string => text(parameters.find((other) => text(other, "parameterid") === id) ?? one, "value");
    const speed = Number(value("speed") || 100) / 100;
    const into = exact(text(one, "in"), rate(one)) + (under ? start - frame(before, "start") : 0n);
    const item: ItemRecord = {
      ...{ key: world.number(), name: text(one, "name"), start, end, position: BigInt(Math.round(Number(into) * speed)), speed },
      ...{ reversed: value("reverse") === "TRUE", disabled: text(one, "enabled") === "FALSE", selected: false, project: project.id, effects: [] },
    };
    items.set(one, item);
    made.items.push(item);
  });
  all.forEach((one, at) => {
    if (one.nodeName !== "transitionitem") return;
    const [left, right] = [items.get(all[at - 1])?.key ?? null, items.get(all[at + 1])?.key ?? null];
    const point = cut(one);
    made.transitions.push({ key: world.number(), name: "AE.ADBE Cross Dissolve New", left, right, into: point - frame(one, "start"), out: frame(one, "end") - point });
  });
  return made;
}
