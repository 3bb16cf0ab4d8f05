/** Premiere's API over a `World`; each class holds the signatures of Adobe's typings for what it has. */

import type {
  AddTransitionOptions,
  AudioClipTrackItem,
  AudioTrack,
  ClipProjectItem,
  Component,
  ComponentParam,
  CompoundAction,
  Constants,
  FolderItem,
  FootageInterpretation,
  Guid,
  Marker,
  Markers,
  premierepro,
  Project,
  ProjectItem,
  Properties,
  Sequence,
  SequenceEditor,
  TickTime,
  TrackItemSelection,
  VideoClipTrackItem,
  VideoComponentChain,
  VideoTrack,
  VideoTransition,
} from "@adobe/premierepro";

import { type Action, PER_SECOND, type ProjectRecord, type SequenceRecord, World } from "./world.js";

const constants = {
  TrackItemType: { EMPTY: 0, CLIP: 1, TRANSITION: 2, PREVIEW: 3, FEEDBACK: 4 },
  MediaType: { ANY: 0, DATA: 1, VIDEO: 2, AUDIO: 3 },
  PropertyType: { PERSISTENT: 0, NON_PERSISTENT: 1 },
  TransitionPosition: { START: 0, END: 1 },
  ProjectEvent: { DIRTY: "dirty" },
  SequenceEvent: { SELECTION_CHANGED: "selection" },
};

class Time implements Pick<TickTime, "ticks" | "ticksNumber" | "seconds"> {
  constructor(readonly value: bigint) {}

  get ticks(): string {
    return `${this.value}`;
  }

  get ticksNumber(): number {
    return Number(this.value);
  }

  get seconds(): number {
    return Number(this.value) / Number(PER_SECOND);
  }
}

const time = (value: bigint): TickTime => new Time(value) as unknown as TickTime;
const ticks = (one: TickTime): bigint => BigInt(one.ticks);
const guid = (text: string): Guid => ({ toString: () => text }) as unknown as Guid;

type UsedOfItem = Pick<
  AudioClipTrackItem,
  | "getName" | "getSpeed" | "isAdjustmentLayer" | "isSpeedReversed" | "createMoveAction" | "getInPoint" | "getOutPoint"
  | "createSetStartAction" | "createSetEndAction" | "getStartTime" | "getEndTime" | "isDisabled" | "getMatchName"
  | "createSetDisabledAction" | "createSetNameAction" | "getTrackIndex" | "getProjectItem"
>;

class Item implements UsedOfItem {
  constructor(
    protected readonly world: World,
    readonly key: number,
  ) {}

  protected get at(): ReturnType<World["item"]> {
    return this.world.item(this.key);
  }

  async getName(): Promise<string> {
    return this.at.item.name;
  }

  async getMatchName(): Promise<string> {
    return "";
  }

  async getSpeed(): Promise<number> {
    return this.at.item.speed;
  }

  async isAdjustmentLayer(): Promise<boolean> {
    return false;
  }

  async isSpeedReversed(): Promise<number> {
    return this.at.item.reversed ? 1 : 0;
  }

  async getStartTime(): Promise<TickTime> {
    return time(this.at.item.start);
  }

  async getEndTime(): Promise<TickTime> {
    return time(this.at.item.end);
  }

  /** "relative to the start time of the project item referenced by this track item". */
  async getInPoint(): Promise<TickTime> {
    return time(this.at.item.position - this.from());
  }

  async getOutPoint(): Promise<TickTime> {
    const { item } = this.at;
    return time(item.position - this.from() + BigInt(Math.round(Number(item.end - item.start) * item.speed)));
  }

  private from(): bigint {
    const item = this.world.projectItem(this.at.item.project);
    return item.subclip && this.world.options.subclipsCountFrom === "subclip" ? item.subclip.start : 0n;
  }

  async isDisabled(): Promise<boolean> {
    return this.at.item.disabled;
  }

  async getTrackIndex(): Promise<number> {
    return this.at.index;
  }

  async getProjectItem(): Promise<ProjectItem> {
    return new RawProjectItem(this.world, this.at.item.project) as unknown as ProjectItem;
  }

  /** It leaves what it meets as it is: the world then fails. */
  createMoveAction(by: TickTime): Action {
    return this.world.action("move", () => {
      const { item } = this.world.unlocked(this.key);
      item.start += ticks(by);
      item.end += ticks(by);
    });
  }

  /** The media's point goes along, seen on 26.x: what shows on a frame of the sequence stays. */
  createSetStartAction(at: TickTime): Action {
    return this.world.action("set start", () => {
      const { item } = this.world.unlocked(this.key);
      item.position += BigInt(Math.round(Number(ticks(at) - item.start) * item.speed));
      item.start = ticks(at);
    });
  }

  createSetEndAction(at: TickTime): Action {
    return this.world.action("set end", () => {
      this.world.unlocked(this.key).item.end = ticks(at);
    });
  }

  createSetDisabledAction(disabled: boolean): Action {
    return this.world.action("set disabled", () => {
      this.world.unlocked(this.key).item.disabled = disabled;
    });
  }

  createSetNameAction(name: string): Action {
    return this.world.action("set name", () => {
      this.world.unlocked(this.key).item.name = name;
    });
  }
}

type UsedOfVideo = UsedOfItem & Pick<VideoClipTrackItem, "createAddVideoTransitionAction" | "createRemoveVideoTransitionAction" | "getComponentChain">;

class VideoItem extends Item implements UsedOfVideo {
  createAddVideoTransitionAction(transition: VideoTransition, given?: AddTransitionOptions): Action {
    const options = given as unknown as TransitionOptions;
    return this.world.action("add transition", () => {
      const { track, item } = this.world.unlocked(this.key);
      const cut = options.atStart ? item.start : item.end;
      const left = track.items.find((one) => one.end === cut)?.key ?? null;
      const right = track.items.find((one) => one.start === cut)?.key ?? null;
      if (!options.single && (left === null || right === null)) throw new Error("nothing lies beside the cut");
      if (track.transitions.some((one) => one.left === left && one.right === right)) throw new Error("there is a transition");
      const into = BigInt(Math.round(Number(options.length) * options.alignment));
      const { name } = transition as unknown as { name: string };
      track.transitions.push({ key: this.world.number(), name, left, right, into, out: options.length - into });
    });
  }

  createRemoveVideoTransitionAction(position?: Constants.TransitionPosition): Action {
    return this.world.action("remove transition", () => {
      const { track } = this.world.unlocked(this.key);
      const side = Number(position) === constants.TransitionPosition.START ? "right" : "left";
      const left = track.transitions.filter((one) => one[side] !== this.key);
      if (left.length === track.transitions.length) throw new Error("there is no transition");
      track.transitions = left;
    });
  }

  /** Motion and opacity come first: https://ppro-scripting.docsforadobe.dev/sequence/component/ . */
  async getComponentChain(): Promise<VideoComponentChain> {
    const names = ["AE.ADBE Motion", "AE.ADBE Opacity", ...this.at.item.effects];
    const chain: Pick<VideoComponentChain, "getComponentCount" | "getComponentAtIndex"> = {
      getComponentCount: () => names.length,
      getComponentAtIndex: () => {
        const param: Pick<ComponentParam, "isTimeVarying"> = { isTimeVarying: () => false };
        const component: Pick<Component, "getParamCount" | "getParam"> = { getParamCount: () => 1, getParam: () => param as ComponentParam };
        return component as Component;
      },
    };
    return chain as VideoComponentChain;
  }
}

class TransitionItem {
  constructor(
    private readonly world: World,
    private readonly sequence: string,
    private readonly index: number,
    private readonly key: number,
  ) {}

  private get at(): { name: string; start: bigint; end: bigint } {
    const track = this.world.track(this.sequence, "video", this.index);
    const one = track.transitions.find((other) => other.key === this.key)!;
    const [left, right] = [one.left, one.right].map((key) => track.items.find((item) => item.key === key));
    const cut = left?.end ?? right!.start;
    return { name: one.name, start: cut - one.into, end: cut + one.out };
  }

  async getMatchName(): Promise<string> {
    return this.at.name;
  }

  async getStartTime(): Promise<TickTime> {
    return time(this.at.start);
  }

  async getEndTime(): Promise<TickTime> {
    return time(this.at.end);
  }
}

class TransitionOptions implements Pick<AddTransitionOptions, "setApplyToStart" | "setForceSingleSided" | "setTransitionAlignment" | "setDuration"> {
  atStart = false;
  single = false;
  alignment = 0.5;
  length = 0n;

  setApplyToStart(applyToStart: boolean): AddTransitionOptions {
    this.atStart = applyToStart;
    return this as unknown as AddTransitionOptions;
  }

  setForceSingleSided(forceSingleSided: boolean): AddTransitionOptions {
    this.single = forceSingleSided;
    return this as unknown as AddTransitionOptions;
  }

  setTransitionAlignment(transitionAlignment: number): AddTransitionOptions {
    this.alignment = transitionAlignment;
    return this as unknown as AddTransitionOptions;
  }

  setDuration(tickTime: TickTime): AddTransitionOptions {
    this.length = ticks(tickTime);
    return this as unknown as AddTransitionOptions;
  }
}

class FakeTrack implements Pick<VideoTrack, "isMuted" | "getIndex" | "name" | "createSetNameAction"> {
  constructor(
    private readonly world: World,
    private readonly sequence: string,
    private readonly kind: "video" | "audio",
    private readonly index: number,
  ) {}

  get name(): string {
    const { name } = this.world.track(this.sequence, this.kind, this.index);
    return name || `${this.kind === "video" ? "Video" : "Audio"} ${this.index + 1}`;
  }

  createSetNameAction(name: string): object {
    return this.world.action("name track", () => {
      this.world.track(this.sequence, this.kind, this.index).name = name;
    });
  }

  async getIndex(): Promise<number> {
    return this.index;
  }

  async isMuted(): Promise<boolean> {
    return this.world.track(this.sequence, this.kind, this.index).muted;
  }

  getTrackItems(type: Constants.TrackItemType): VideoClipTrackItem[] {
    const track = this.world.track(this.sequence, this.kind, this.index);
    if (Number(type) === constants.TrackItemType.TRANSITION) {
      const made = track.transitions.map((one) => new TransitionItem(this.world, this.sequence, this.index, one.key));
      return made as unknown as VideoClipTrackItem[];
    }
    const kind = this.kind === "video" ? VideoItem : Item;
    return track.items.map((one) => new kind(this.world, one.key)) as unknown as VideoClipTrackItem[];
  }
}

class Selection implements TrackItemSelection {
  constructor(
    private readonly world: World,
    readonly keys: number[] = [],
  ) {}

  addItem(item: VideoClipTrackItem | AudioClipTrackItem): boolean {
    return this.keys.push((item as unknown as Item).key) > 0;
  }

  removeItem(): boolean {
    throw new Error("not used");
  }

  async getTrackItems(): Promise<(VideoClipTrackItem | AudioClipTrackItem)[]> {
    return this.keys.map((key) => {
      const kind = this.world.item(key).kind === "video" ? VideoItem : Item;
      return new kind(this.world, key) as unknown as VideoClipTrackItem;
    });
  }
}

class FakeSequence
  implements
    Pick<
      Sequence,
      | "getPlayerPosition" | "setPlayerPosition" | "getVideoTrackCount" | "getAudioTrackCount" | "getVideoTrack"
      | "getAudioTrack" | "getZeroPoint" | "getEndTime" | "getSelection" | "getTimebase" | "guid" | "name" | "getProjectItem"
    >
{
  constructor(
    readonly world: World,
    readonly id: string,
  ) {}

  get at(): SequenceRecord {
    return this.world.sequenceOf(this.id);
  }

  get guid(): Guid {
    return guid(this.id);
  }

  get name(): string {
    return this.at.name;
  }

  async getPlayerPosition(): Promise<TickTime> {
    return time(this.at.player);
  }

  async setPlayerPosition(positionTime?: TickTime): Promise<boolean> {
    this.at.player = ticks(positionTime!);
    return true;
  }

  async getVideoTrackCount(): Promise<number> {
    return this.at.video.length;
  }

  async getAudioTrackCount(): Promise<number> {
    return this.at.audio.length;
  }

  async getVideoTrack(trackIndex: number): Promise<VideoTrack> {
    return new FakeTrack(this.world, this.id, "video", trackIndex) as unknown as VideoTrack;
  }

  async getAudioTrack(trackIndex: number): Promise<AudioTrack> {
    return new FakeTrack(this.world, this.id, "audio", trackIndex) as unknown as AudioTrack;
  }

  async getZeroPoint(): Promise<TickTime> {
    return time(this.at.zero);
  }

  async getEndTime(): Promise<TickTime> {
    const ends = [...this.at.video, ...this.at.audio].flatMap((track) => track.items.map((one) => one.end));
    return time(ends.reduce((one, other) => (one > other ? one : other), 0n));
  }

  async getSelection(): Promise<TrackItemSelection> {
    const items = [...this.at.video, ...this.at.audio].flatMap((track) => track.items);
    return new Selection(
      this.world,
      items.filter((one) => one.selected).map((one) => one.key),
    );
  }

  async getProjectItem(): Promise<ProjectItem> {
    return new RawProjectItem(this.world, this.id) as unknown as ProjectItem;
  }

  /** Ticks of a frame: https://ppro-scripting.docsforadobe.dev/sequence/sequence/ . */
  async getTimebase(): Promise<string> {
    return `${this.at.perFrame}`;
  }
}

/** What placing takes; a `ClipProjectItem` it refuses, as 26.x was seen to. */
class RawProjectItem implements Pick<ProjectItem, "getId" | "type" | "name" | "createSetNameAction"> {
  constructor(
    readonly world: World,
    readonly id: string,
  ) {}

  get at(): ProjectRecord {
    return this.world.projectItem(this.id);
  }

  get type(): number {
    return this.at.bin ? 2 : 1;
  }

  get name(): string {
    return this.at.name;
  }

  getId(): string {
    return this.id;
  }

  /** A sequence has the name of its item. */
  createSetNameAction(name: string): Action {
    return this.world.action("name item", () => {
      this.at.name = name;
      for (const one of this.world.state.sequences) if (one.guid === this.id) one.name = name;
    });
  }
}

class Clip
  implements
    Pick<
      ClipProjectItem,
      | "isSequence" | "isMulticamClip" | "isMergedClip" | "getMediaFilePath" | "getFootageInterpretation" | "getInPoint"
      | "findItemsMatchingMediaPath" | "createSubClipAction" | "name" | "type"
    >
{
  constructor(
    private readonly world: World,
    private readonly id: string,
  ) {}

  private get at(): ProjectRecord {
    return this.world.projectItem(this.id);
  }

  get name(): string {
    return this.at.name;
  }

  get type(): number {
    return 1;
  }

  async isSequence(): Promise<boolean> {
    return this.at.nested;
  }

  async isMulticamClip(): Promise<boolean> {
    return false;
  }

  async isMergedClip(): Promise<boolean> {
    return false;
  }

  async getMediaFilePath(): Promise<string> {
    return this.at.path;
  }

  /** A number, as it was seen; the reference says no type. */
  async getFootageInterpretation(): Promise<FootageInterpretation> {
    const { rate } = this.world.media(this.at.path);
    const told: Pick<FootageInterpretation, "getFrameRate"> = { getFrameRate: () => rate };
    return told as FootageInterpretation;
  }

  async getInPoint(): Promise<TickTime> {
    const { subclip } = this.at;
    const from = subclip && this.world.options.subclipsCountFrom === "subclip" ? subclip.start : 0n;
    return time(this.world.range(this.at)[0] - from);
  }

  async findItemsMatchingMediaPath(matchString: string, ignoreSubclips?: boolean): Promise<ProjectItem[]> {
    const found = this.world.state.items.filter((one) => one.path.includes(matchString) && !(ignoreSubclips && one.subclip));
    return found.map((one) => new RawProjectItem(this.world, one.id) as unknown as ProjectItem);
  }

  createSubClipAction(name: string, startTime: TickTime, endTime: TickTime, _hard: boolean, options?: object): Action {
    const { takeVideo = true, takeAudio = true } = (options ?? {}) as { takeVideo?: boolean; takeAudio?: boolean };
    return this.world.action("subclip", () => {
      const [start, end] = [ticks(startTime), ticks(endTime)];
      const media = this.world.media(this.at.path);
      if (start < 0n || end > media.duration) throw new Error("a subclip beyond its media");
      if (!((takeVideo && media.video) || (takeAudio && media.audio))) throw new Error("nothing of the media is taken");
      const subclip = { start, end, video: takeVideo && media.video, audio: takeAudio && media.audio };
      this.world.state.items.push({ ...this.at, id: `item${this.world.number()}`, name, subclip, marks: null });
    });
  }
}

class Folder implements Pick<FolderItem, "getItems" | "createBinAction" | "type" | "name"> {
  constructor(
    private readonly world: World,
    private readonly id: string | null,
  ) {}

  get type(): number {
    return this.id === null ? 3 : 2;
  }

  get name(): string {
    return this.id === null ? "" : this.world.projectItem(this.id).name;
  }

  async getItems(): Promise<ProjectItem[]> {
    const found = this.world.state.items.filter((one) => one.parent === this.id);
    return found.map((one) => new RawProjectItem(this.world, one.id) as unknown as ProjectItem);
  }

  createBinAction(name: string): Action {
    return this.world.action("bin", () => {
      const made = { bin: true, nested: false, path: "", subclip: null, marks: null };
      this.world.state.items.push({ ...made, id: `item${this.world.number()}`, name, parent: this.id });
    });
  }
}

class Editor
  implements Pick<SequenceEditor, "createRemoveItemsAction" | "createInsertProjectItemAction" | "createOverwriteItemAction">
{
  constructor(
    private readonly world: World,
    private readonly sequence: string,
  ) {}

  createRemoveItemsAction(selection: TrackItemSelection, ripple: boolean, mediaType: Constants.MediaType): Action {
    const { keys } = selection as unknown as Selection;
    if (ripple) throw new Error("not used");
    return this.world.action("remove", () => {
      for (const key of keys) {
        const { track, kind } = this.world.unlocked(key);
        const type = kind === "video" ? constants.MediaType.VIDEO : constants.MediaType.AUDIO;
        if ([type, constants.MediaType.ANY].includes(Number(mediaType))) track.items = track.items.filter((one) => one.key !== key);
      }
    });
  }

  createInsertProjectItemAction(projectItem: ProjectItem, at: TickTime, video: number, audio: number, limitShift: boolean): Action {
    if (!limitShift) throw new Error("not used: it would shift other tracks");
    return this.place("insert", projectItem, at, video, audio, (kind, index) => {
      const tracks = this.world.sequenceOf(this.sequence)[kind];
      // "If you pass a track index greater than the number of existing tracks, a new track will be created."
      if (index === tracks.length) tracks.push({ name: "", muted: false, locked: false, items: [], transitions: [] });
      if (this.world.track(this.sequence, kind, index).items.some((one) => one.end > ticks(at))) throw new Error("it would shift");
    });
  }

  createOverwriteItemAction(projectItem: ProjectItem, at: TickTime, video: number, audio: number): Action {
    return this.place("overwrite", projectItem, at, video, audio, () => undefined);
  }

  private place(
    name: string,
    projectItem: ProjectItem,
    at: TickTime,
    video: number,
    audio: number,
    prepare: (kind: "video" | "audio", index: number) => void,
  ): Action {
    const { world } = this;
    if (!(projectItem instanceof RawProjectItem)) throw new Error("Illegal Parameter type");
    const record = projectItem.at;
    // From the in to the out point that it had before the transaction.
    const [first, last] = world.range(record);
    return world.action(name, () => {
      const { perFrame } = world.sequenceOf(this.sequence);
      const start = ((ticks(at) + perFrame / 2n) / perFrame) * perFrame;
      const file = world.media(record.path);
      const held = record.subclip ?? file;
      // Sound without a track falls onto A1, seen on 26.x.
      for (const [kind, index] of [["video", held.video ? video : -1], ["audio", held.audio ? Math.max(audio, 0) : -1]] as const) {
        if (index < 0) continue;
        prepare(kind, index);
        const track = world.track(this.sequence, kind, index);
        world.clear(track, start, start + last - first);
        const made = { key: world.number(), name: record.name, start, end: start + last - first, position: first, project: record.id };
        track.items.push({ ...made, speed: 1, reversed: false, disabled: false, selected: false, effects: [] });
      }
    });
  }
}

class FakeProperties implements Pick<Properties, "hasValue" | "getValue" | "createSetValueAction"> {
  constructor(private readonly sequence: FakeSequence) {}

  hasValue(name: string): boolean {
    return name in this.sequence.at.properties;
  }

  getValue(name: string): string {
    return this.sequence.at.properties[name] ?? "";
  }

  createSetValueAction(name: string, value: boolean | string | number, flag: Constants.PropertyType): Action {
    if (Number(flag) !== constants.PropertyType.PERSISTENT) throw new Error("not used");
    return this.sequence.world.action("property", () => {
      this.sequence.at.properties[name] = String(value);
    });
  }
}

class FakeProject
  implements
    Pick<Project, "getSequences" | "deleteSequence" | "getActiveSequence" | "importFiles" | "getRootItem" | "executeTransaction" | "lockedAccess" | "path" | "name">
{
  constructor(private readonly world: World) {}

  get path(): string {
    return this.world.state.path;
  }

  get name(): string {
    return this.path.slice(this.path.lastIndexOf("/") + 1);
  }

  async getActiveSequence(): Promise<Sequence> {
    const { active } = this.world.state;
    return (active ? new FakeSequence(this.world, active) : null) as unknown as Sequence;
  }

  /** Not undoable; what it makes is there a little later, as ExtendScript's of the same name is worked around by many. */
  async importFiles(filePaths: string[], _suppressUI?: boolean, targetBin?: ProjectItem): Promise<boolean> {
    for (const path of filePaths) {
      if (path.endsWith(".xml")) {
        setTimeout(() => this.world.options.sequence?.(this.world, path), 30);
        continue;
      }
      await this.world.options.find?.(path);
      if (!this.world.options.probe(path)) return false;
      const id = `item${this.world.number()}`;
      const parent = targetBin ? targetBin.getId() : null;
      const made = { id, name: path.slice(path.lastIndexOf("/") + 1), parent, path, bin: false, nested: false, subclip: null, marks: null };
      setTimeout(() => {
        this.world.state.items.push(made);
        for (const entry of this.world.history) entry.before.items.push(structuredClone(made));
      }, 30);
    }
    return true;
  }

  async getSequences(): Promise<Sequence[]> {
    return this.world.state.sequences.map((one) => new FakeSequence(this.world, one.guid) as unknown as Sequence);
  }

  async deleteSequence(sequence: Sequence): Promise<boolean> {
    const guid = sequence.guid.toString();
    this.world.state.sequences = this.world.state.sequences.filter((one) => one.guid !== guid);
    this.world.state.items = this.world.state.items.filter((one) => one.id !== guid);
    return true;
  }

  async getRootItem(): Promise<FolderItem> {
    return new Folder(this.world, null) as unknown as FolderItem;
  }

  executeTransaction(callback: (compoundAction: CompoundAction) => void, undoString?: string): boolean {
    return this.world.executeTransaction(
      (add) => callback({ addAction: (action) => add(action as Action), empty: false }),
      undoString ?? "",
    );
  }

  lockedAccess(callback: () => void): void {
    this.world.lockedAccess(callback);
  }
}

/** What the plugin gets from `require("premierepro")`. */
export function premiere(world: World): premierepro {
  const markersOf = async (owner: Sequence | ClipProjectItem): Promise<Markers> => {
    const told = (owner as unknown as FakeSequence).at.markers.map((one): Marker => {
      const marker: Pick<Marker, "getName" | "getStart" | "getDuration" | "getComments"> = {
        getName: () => one.name,
        getStart: () => time(one.start),
        getDuration: () => time(one.duration),
        getComments: () => one.comments,
      };
      return marker as Marker;
    });
    return { getMarkers: () => told } as unknown as Markers;
  };
  const made = {
    Constants: constants as unknown as typeof Constants,
    Project: { getActiveProject: async () => (world.state.path ? new FakeProject(world) : null) as unknown as Project },
    SequenceEditor: {
      getEditor: (sequence: Sequence) => new Editor(world, (sequence as unknown as FakeSequence).id) as unknown as SequenceEditor,
    },
    TickTime: { createWithTicks: (value: string) => time(BigInt(value)) },
    TrackItemSelection: {
      createEmptySelection: (callback: (selection: TrackItemSelection) => void) => {
        callback(new Selection(world));
        return true;
      },
    },
    ClipProjectItem: {
      cast: (item: ProjectItem) => new Clip(world, item.getId()) as unknown as ClipProjectItem,
    },
    FolderItem: { cast: (item: ProjectItem) => new Folder(world, item.getId()) as unknown as FolderItem },
    ProjectItem: { TYPE_CLIP: 1, TYPE_BIN: 2, TYPE_ROOT: 3 },
    Properties: {
      getProperties: async (owner: Project | Sequence) => new FakeProperties(owner as unknown as FakeSequence) as unknown as Properties,
    },
    Markers: { getMarkers: markersOf },
    AddTransitionOptions: () => new TransitionOptions() as unknown as AddTransitionOptions,
    TransitionFactory: { createVideoTransition: (name: string) => ({ name }) as unknown as VideoTransition },
    EventManager: {
      addEventListener: (_target: unknown, event: string | number, heard: () => void) => world.listen(event, heard),
    },
  };
  return made as unknown as premierepro;
}
