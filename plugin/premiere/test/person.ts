/** What a person does in the program, on V1 at frames of the sequence; and projects made of strips. */

import type { Strips } from "../src/wire.js";
import { type ItemRecord, PER_SECOND, type SequenceRecord, type TrackRecord, type World } from "./world.js";

const track = (): TrackRecord => ({ name: "", muted: false, locked: false, items: [], transitions: [] });

/** Ticks of `count` units of a fraction of a second such as "1001/24000"; exact, or this fails. */
export function exact(value: string, rate: string): bigint {
  const [over = "", under = "1"] = value.split("/");
  const [fast = "", slow = "1"] = rate.split("/");
  const [a, b] = [BigInt(over) * BigInt(slow) * PER_SECOND, BigInt(under) * BigInt(fast)];
  if (a % b) throw new Error(`${value} at ${rate} is no whole number of ticks`);
  return a / b;
}

function open(world: World, path: string, strips: Strips): void {
  const perFrame = exact("1", strips.rate);
  const sequence: SequenceRecord = {
    ...{ guid: `sequence${world.number()}`, name: strips.name, perFrame, zero: perFrame * BigInt(strips.start), player: 0n },
    ...{ video: [], audio: [], properties: {} },
    markers: strips.markers.map((one) => ({
      ...{ name: one.name, start: BigInt(one.at) * perFrame, duration: BigInt(one.frames) * perFrame, comments: one.text },
    })),
  };
  world.state = { path, active: sequence.guid, items: [], sequences: [sequence] };
  world.history = [];
  const tracks = new Map(
    strips.tracks.map((one) => {
      const name = /^[VA]\d+$/.test(one.name) ? "" : one.name;
      const made = { ...track(), name, muted: !one.enabled, locked: one.locked };
      sequence[one.kind === "picture" ? "video" : "audio"].push(made);
      return [one.name, made];
    }),
  );
  const keys = new Map<string, number>();
  for (const strip of strips.strips) {
    const start = BigInt(strip.start) * perFrame;
    const { media } = strip;
    const file = media ? media.path : "";
    let project = world.state.items.find((one) => one.path === file && (file || one.name === strip.name));
    if (!project) {
      project = { id: `item${world.number()}`, name: file.slice(file.lastIndexOf("/") + 1) || strip.name, parent: null, path: file, bin: false, nested: !file, subclip: null, marks: null };
      world.state.items.push(project);
    }
    const made: ItemRecord = {
      ...{ key: world.number(), name: strip.name, start, end: start + BigInt(strip.frames) * perFrame },
      ...{ position: media ? exact(media.first, media.rate) : 0n, speed: media ? ratio(media.speed) : 1, reversed: false },
      ...{ disabled: !strip.enabled, selected: false, project: project.id, effects: [] },
    };
    keys.set(strip.id, made.key);
    tracks.get(strip.track)!.items.push(made);
  }
  for (const one of strips.transitions) {
    const [left, right] = [one.left, one.right].map((id) => (id === null ? null : keys.get(id)!)) as [number | null, number | null];
    const [into, out] = [BigInt(one.into) * perFrame, BigInt(one.out) * perFrame];
    const name = one.kind === "SMPTE_Dissolve" ? "AE.ADBE Cross Dissolve New" : one.name;
    tracks.get(one.track)!.transitions.push({ key: world.number(), name, left, right, into, out });
  }
  world.tell("dirty");
}

export function ratio(text: string): number {
  const [over = "", under = "1"] = text.split("/");
  return Number(over) / Number(under);
}

export class Person {
  constructor(private readonly world: World) {}

  private get active(): SequenceRecord {
    return this.world.sequence;
  }

  private at(frame: number): bigint {
    return BigInt(frame) * this.active.perFrame;
  }

  on(frame: number): ItemRecord {
    const time = this.at(frame);
    return this.active.video[0]!.items.find((one) => one.start <= time && time < one.end)!;
  }

  trim(on: number, frames: number): void {
    this.world.edit("Trim", () => void (this.on(on).end -= this.at(frames)));
  }

  insertGap(at: number, frames: number): void {
    this.world.edit("Insert", () => {
      for (const { items } of [...this.active.video, ...this.active.audio]) {
        for (const item of items.filter((one) => one.start >= this.at(at))) {
          item.start += this.at(frames);
          item.end += this.at(frames);
        }
      }
    });
  }

  duplicate(on: number, to: number): void {
    this.world.edit("Duplicate", () => {
      const item = this.on(on);
      const copy = { ...item, key: this.world.number(), start: this.at(to), end: this.at(to) + item.end - item.start };
      this.active.video[0]!.items.push(copy);
    });
  }

  delete(on: number): void {
    this.world.edit("Delete", () => {
      const [item, { items }] = [this.on(on), this.active.video[0]!];
      items.splice(items.indexOf(item), 1);
    });
  }

  select(on: number[], playhead: number): void {
    for (const { items } of [...this.active.video, ...this.active.audio]) for (const item of items) item.selected = false;
    for (const frame of on) this.on(frame).selected = true;
    this.active.player = this.at(playhead);
    this.world.tell("selection");
  }

  bin(): string[] {
    const bins = this.world.state.items.filter((one) => one.bin).map((one) => one.id);
    return this.world.state.items.filter((one) => one.parent !== null && bins.includes(one.parent)).map((one) => one.path);
  }

  playhead(): number {
    return Number(this.active.player / this.active.perFrame);
  }

  lock(index: number): void {
    this.active.video[index]!.locked = true;
  }

  effect(on: number, name: string): void {
    this.on(on).effects.push(name);
  }

  effects(): string[] {
    return this.active.video.flatMap((track) => track.items).flatMap((item) => item.effects);
  }

  /** Its project item becomes a subclip of the same range. */
  subclip(on: number, name: string): void {
    this.world.edit("Make Subclip", () => {
      const item = this.on(on);
      const project = this.world.projectItem(item.project);
      const made = { ...project, id: `item${this.world.number()}`, name };
      const end = item.position + item.end - item.start;
      this.world.state.items.push({ ...made, subclip: { start: item.position, end, video: true, audio: true } });
      item.project = made.id;
    });
  }

  duplicateSequence(): void {
    this.world.edit("Duplicate", () => {
      const copy = structuredClone(this.active);
      copy.guid = `sequence${this.world.number()}`;
      for (const { items } of [...copy.video, ...copy.audio]) for (const item of items) item.key = this.world.number();
      this.world.state.sequences.push(copy);
      this.world.state.active = copy.guid;
    });
  }

  /** As text, to be compared. */
  sequence(number: number): string {
    const { video, audio, properties } = this.world.state.sequences[number]!;
    return JSON.stringify([video, audio, properties], (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
  }

  sequences(): string[] {
    return this.world.state.sequences.map((one) => one.name);
  }

  names(): string[] {
    return this.world.history.map((one) => one.name);
  }
}

/** Does what a line of JSON says, `{"do": NAME, "with": [...]}`, and answers in one. */
export function asked(world: World, person: Person, line: string): string {
  const { do: name, with: given } = JSON.parse(line);
  try {
    let result: unknown = null;
    if (name === "open") open(world, ...(given as [string, Strips]));
    else if (name === "undo") world.undo();
    else if (name === "reopen") world.reopen();
    else if (name === "fail") world.failing = given[0];
    else result = (person as any)[name](...given) ?? null;
    return JSON.stringify({ result });
  } catch (error) {
    return JSON.stringify({ error: String(error) });
  }
}
