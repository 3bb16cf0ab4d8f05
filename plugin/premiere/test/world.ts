/**
 * A stateful stand-in for Premiere: projects, sequences, transactions, a history. It is no Premiere: its rules are those of
 * Adobe's reference (https://developer.adobe.com/premiere-pro/uxp/ppro-reference/), and where that is silent those that
 * others have measured on 26.x, each named at its place. Where it is unknown what Premiere does, this fails.
 */

export const PER_SECOND = 254016000000n;

/** `rate` as a number, as the API tells it. */
export interface MediaFile {
  duration: bigint;
  rate: number;
  video: boolean;
  audio: boolean;
}

export interface ItemRecord {
  key: number;
  name: string;
  start: bigint;
  end: bigint;
  /** Ticks from the media's beginning. */
  position: bigint;
  speed: number;
  reversed: boolean;
  disabled: boolean;
  selected: boolean;
  project: string;
  effects: string[];
}

export interface TransitionRecord {
  key: number;
  name: string;
  left: number | null;
  right: number | null;
  into: bigint;
  out: bigint;
}

/** `name` "": the one that it came with. */
export interface TrackRecord {
  name: string;
  muted: boolean;
  locked: boolean;
  items: ItemRecord[];
  transitions: TransitionRecord[];
}

export interface SequenceRecord {
  guid: string;
  name: string;
  perFrame: bigint;
  zero: bigint;
  player: bigint;
  video: TrackRecord[];
  audio: TrackRecord[];
  markers: { name: string; start: bigint; duration: bigint; comments: string }[];
  properties: Record<string, string>;
}

export interface ProjectRecord {
  id: string;
  name: string;
  parent: string | null;
  /** "" for a bin or a sequence. */
  path: string;
  bin: boolean;
  nested: boolean;
  subclip: { start: bigint; end: bigint; video: boolean; audio: boolean } | null;
  marks: [bigint, bigint] | null;
}

export interface State {
  path: string;
  active: string;
  items: ProjectRecord[];
  sequences: SequenceRecord[];
}

export interface Action {
  run: () => void;
}

/** `subclipsCountFrom`: what the points of an item that plays a subclip count from; the reference does not say. */
export interface Options {
  probe: (path: string) => MediaFile | null;
  /** Before a file is imported, where `probe` cannot look by itself. */
  find?: (path: string) => Promise<void>;
  /** Of a file that holds a sequence: puts it into the project. */
  sequence?: (world: World, path: string) => void;
  subclipsCountFrom: "media" | "subclip";
}

export class World {
  state: State = { path: "", active: "", items: [], sequences: [] };
  history: { name: string; before: State }[] = [];
  /** Actions that fail from now on, by their name; as a defect of the program. */
  failing: string | null = null;
  private locked = 0;
  private readonly found = new Map<number, ReturnType<World["item"]>>();
  private numbers = 0;
  private listeners: { event: string | number; heard: () => void }[] = [];

  constructor(readonly options: Options) {}

  number(): number {
    return ++this.numbers;
  }

  get sequence(): SequenceRecord {
    return this.sequenceOf(this.state.active);
  }

  sequenceOf(guid: string): SequenceRecord {
    const found = this.state.sequences.find((one) => one.guid === guid);
    if (!found) throw new Error("The script object is no longer valid");
    return found;
  }

  projectItem(id: string): ProjectRecord {
    const found = this.state.items.find((one) => one.id === id);
    if (!found) throw new Error("The script object is no longer valid");
    return found;
  }

  media(path: string): MediaFile {
    const found = this.options.probe(path);
    if (!found) throw new Error(`the file ${path} is not there`);
    return found;
  }

  /** "Actions are created in lockedAccess": https://developer.adobe.com/premiere-pro/uxp/changelog/ , 26.3. */
  action(name: string, run: () => void): Action {
    if (!this.locked) throw new Error(`${name}: the script object is no longer valid`);
    return {
      run: () => {
        if (this.failing === name) throw new Error("Script action failed to execute");
        run();
      },
    };
  }

  lockedAccess(callback: () => void): void {
    this.locked++;
    try {
      callback();
    } finally {
      this.locked--;
    }
  }

  /** All of it or nothing, and one entry of the history: "Execute undoable transaction by passing compound action". */
  executeTransaction(callback: (add: (action: Action) => boolean) => void, name: string): boolean {
    if (!this.locked) throw new Error("executeTransaction: the script object is no longer valid");
    const actions: Action[] = [];
    callback((action) => actions.push(action) > 0);
    this.edit(name, () => {
      for (const action of actions) {
        action.run();
        this.tidy();
      }
    });
    return true;
  }

  /** What a person does, or a transaction. */
  edit(name: string, change: () => void): void {
    const before = structuredClone(this.state);
    try {
      change();
      this.tidy();
    } catch (error) {
      this.state = before;
      throw error;
    }
    this.history.push({ name, before });
    this.tell("dirty");
  }

  undo(): void {
    this.state = this.history.pop()!.before;
    this.tell("dirty");
  }

  /** Whether it is known what Premiere makes of this: no item over another, none beyond its media. */
  private tidy(): void {
    for (const sequence of this.state.sequences) {
      for (const track of [...sequence.video, ...sequence.audio]) {
        track.items.sort((one, other) => Number(one.start - other.start));
        track.items.forEach((one, at) => {
          if (one.end <= one.start || one.start < 0n) throw new Error(`${one.name} has no length, or begins before the sequence`);
          const next = track.items[at + 1];
          if (next && next.start < one.end) throw new Error(`${one.name} and ${next.name} lie over each other`);
          const media = this.projectItem(one.project);
          if (!media.path || one.reversed) return;
          const length = BigInt(Math.round(Number(one.end - one.start) * one.speed));
          // A frame more, since a frame of the sequence can begin before the media's last one ends.
          if (one.position < 0n || one.position + length > this.media(media.path).duration + sequence.perFrame) {
            throw new Error(`${one.name} reaches beyond its media`);
          }
        });
        // A transition hangs on its clips, as in the project's file: HeadTransition, TailTransition.
        track.transitions = track.transitions.filter((one) => {
          const [left, right] = [one.left, one.right].map((key) => track.items.find((item) => item.key === key));
          if ((one.left !== null && !left) || (one.right !== null && !right)) return false;
          return !left || !right || left.end === right.start;
        });
      }
    }
  }

  track(sequence: string, kind: "video" | "audio", index: number): TrackRecord {
    const found = this.sequenceOf(sequence)[kind][index];
    if (!found) throw new Error(`there is no ${kind} track ${index + 1}`);
    return found;
  }

  item(key: number): { sequence: SequenceRecord; kind: "video" | "audio"; index: number; track: TrackRecord; item: ItemRecord } {
    const last = this.found.get(key);
    if (last && this.state.sequences.includes(last.sequence) && last.track.items.includes(last.item)) return last;
    for (const sequence of this.state.sequences) {
      for (const kind of ["video", "audio"] as const) {
        for (const [index, track] of sequence[kind].entries()) {
          for (const item of track.items) this.found.set(item.key, { sequence, kind, index, track, item });
        }
      }
    }
    const found = this.found.get(key);
    if (!found || !found.track.items.includes(found.item)) throw new Error("The script object is no longer valid");
    return found;
  }

  /** For an action that changes it. */
  unlocked(key: number): ReturnType<World["item"]> {
    const found = this.item(key);
    if (found.track.locked) throw new Error("the track is locked");
    return found;
  }

  /** What lies in [start, end) goes, or is trimmed, or split; both parts keep their effects. */
  clear(track: TrackRecord, start: bigint, end: bigint): void {
    if (track.locked) throw new Error("the track is locked");
    const along = (item: ItemRecord, time: bigint): bigint => BigInt(Math.round(Number(time) * item.speed));
    track.items = track.items.flatMap((item) => {
      if (item.end <= start || end <= item.start) return [item];
      const parts: ItemRecord[] = [];
      if (item.start < start) parts.push({ ...item, end: start });
      if (end < item.end) {
        const key = parts.length ? this.number() : item.key;
        parts.push({ ...item, key, start: end, position: item.position + along(item, end - item.start) });
      }
      return parts;
    });
  }

  /** Where an item of the project begins and ends, in ticks of its media. */
  range(item: ProjectRecord): [bigint, bigint] {
    const whole: [bigint, bigint] = item.subclip ? [item.subclip.start, item.subclip.end] : [0n, this.media(item.path).duration];
    return item.marks ?? whole;
  }

  tell(event: string | number): void {
    for (const one of [...this.listeners]) if (one.event === event) setTimeout(one.heard, 0);
  }

  listen(event: string | number, heard: () => void): void {
    this.listeners.push({ event, heard });
  }

  /** As it lies on the disk: what was kept by the running program alone is lost. */
  reopen(): void {
    const keep = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value);
    const revive = (_: string, value: unknown): unknown => (typeof value === "string" && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value);
    const state: State = JSON.parse(JSON.stringify(this.state, keep), revive);
    for (const sequence of state.sequences) {
      for (const track of [...sequence.video, ...sequence.audio]) {
        const keys = new Map(track.items.map((item) => [item.key, (item.key = this.number())]));
        for (const item of track.items) item.selected = false;
        for (const one of track.transitions) {
          [one.left, one.right] = [one.left, one.right].map((key) => (key === null ? null : (keys.get(key) ?? null))) as [number | null, number | null];
        }
      }
    }
    this.state = state;
    this.history = [];
  }
}
