/**
 * A sequence changed from what a reading of it told to what steps made of that, in one transaction.
 *
 * Not run on the real program. Rules of the actions, which the reference does not give, as others found them:
 * - Actions are made inside `lockedAccess` (changelog of 26.3), where nothing can be awaited.
 * - `createSetStartAction` and `createSetEndAction` trim at the sequence's time, and the media's points go along; together
 *   with `createSetInPointAction` or `createSetOutPointAction` of the same item a transaction fails.
 * - `createMoveAction` moves by a time, and leaves what it meets as it is.
 * - `createOverwriteItemAction` places a project item from its in to its out point as they were before the transaction: so
 *   what is placed is a subclip of its own, made in a transaction before.
 */

import type { Action, premierepro, ProjectItem, VideoClipTrackItem } from "@adobe/premierepro";

import { keptText } from "./known.js";
import { all, BIN, source, transaction } from "./project.js";
import { CROSS_DISSOLVES, DISSOLVE, type Place, plainName, PROPERTY, type Reading, subclipName } from "./reading.js";
import { carriedOut } from "./steps.js";
import { divided, fraction, parsed, position, rounded } from "./ticks.js";
import { type Media, Refused, type Step, type Strip, type Strips, type Transition } from "./wire.js";

/** What every picture of a track has: https://ppro-scripting.docsforadobe.dev/sequence/component/ . */
const OF_EVERY_ITEM = 2;

type Make = () => Action;

/** Media that is to be placed; `sound` goes along with the picture of the same file, linked with it. */
interface Placing {
  strip: Strip;
  sound: Strip | null;
  item: ProjectItem | null;
}

/** Looks whether the steps can be carried out; `make` does it. Throws Refused, with nothing changed. */
export class Change {
  /** Whether steps can take it back: no clip goes whose settings would be lost, that was not placed from here, or has effects. */
  lossless = true;
  /** What a person should know of what was done. */
  readonly notes: string[] = [];
  private readonly target: Strips;
  private readonly adds: Placing[] = [];
  private readonly makes: Make[] = [];
  private readonly added = new Set<string>();

  private constructor(
    private readonly ppro: premierepro,
    private readonly reading: Reading,
    private readonly steps: readonly Step[],
  ) {
    this.target = carriedOut(reading.told, steps);
  }

  static async of(ppro: premierepro, reading: Reading, steps: readonly Step[]): Promise<Change> {
    const change = new Change(ppro, reading, steps);
    for (const step of steps) await change.plan(step);
    for (const step of steps) if (step.type === "AddTransition") change.check(step.transition);
    change.pairSounds();
    return change;
  }

  /**
   * One entry of Premiere's history, `name`; what puts media into the project are entries before it. `still` throws where
   * the sequence has become another one meanwhile.
   */
  async make(name: string, still: () => Promise<void>): Promise<void> {
    const { ppro } = this;
    const { project } = this.reading;
    const before = new Set((await all(ppro, project)).map((one) => one.getId()));
    for (const one of this.adds) one.item = await this.subclip(one, before);
    await still();
    transaction(project, name, () => [
      ...this.makes.map((make) => make()),
      ...this.adds.map((one) => this.overwrite(one)),
      ...this.steps.flatMap((step) => (step.type === "AddTransition" ? [this.transition(step.transition)] : [])),
      this.keep(),
    ]);
    await this.nameTracks();
  }

  /** A track is added without a name, and is there only then: an entry of its own, where it is to have another one. */
  private async nameTracks(): Promise<void> {
    const { sequence, project } = this.reading;
    for (const step of this.steps) {
      if (step.type !== "AddTrack") continue;
      const { kind, name } = step.track;
      const index = this.index(name);
      const placed = this.adds.some(({ strip, sound }) => [strip.track, sound?.track].includes(name));
      if (!placed || name === plainName(kind, index)) continue;
      const track = kind === "picture" ? await sequence.getVideoTrack(index) : await sequence.getAudioTrack(index);
      transaction(project, `${BIN}: track ${name}`, () => [track.createSetNameAction(name)]);
    }
  }

  private async plan(step: Step): Promise<void> {
    switch (step.type) {
      case "AddTrack": {
        const kind = this.target.tracks.filter((one) => one.kind === step.track.kind);
        const place = kind.findIndex((one) => one.name === step.track.name);
        if (kind.slice(place + 1).some((one) => this.reading.tracks.has(one.name))) {
          throw new Refused(`Premiere's API adds tracks at the top only: add a track above ${step.above ?? "the lowest"} in Premiere`);
        }
        return;
      }
      case "RemoveTrack":
        throw new Refused("Premiere's API removes no tracks: remove it in Premiere");
      case "Remove":
        return this.remove(step.strip);
      case "Add":
        this.add(step.strip);
        return this.note(step.strip, step.like);
      case "Change":
        return this.change(step.before, step.after);
      case "AddTransition":
        return;
      case "RemoveTransition": {
        const { left, right } = step.transition;
        const side = this.picture(left) ?? this.picture(right);
        if (!side) throw new Refused("Premiere's API takes no transition of sound off: take it off in Premiere");
        const at = this.ppro.Constants.TransitionPosition;
        this.makes.push(() => side.createRemoveVideoTransitionAction(this.picture(left) ? at.END : at.START));
      }
    }
  }

  private place(strip: Strip): Place {
    const place = this.reading.places.get(strip.id);
    if (!place) throw new Refused(`${strip.name} is not in the sequence: read it again`);
    return place;
  }

  private picture(id: string | null): VideoClipTrackItem | null {
    const place = this.reading.places.get(id ?? "");
    return place?.kind === "picture" ? (place.item as VideoClipTrackItem) : null;
  }

  private async remove(strip: Strip): Promise<void> {
    const { ppro, reading } = this;
    const place = this.place(strip);
    this.lossless &&= place.ours && !(await effects(place));
    this.makes.push(() => {
      let action: Action | undefined;
      ppro.TrackItemSelection.createEmptySelection((selection) => {
        selection.addItem(place.item, true);
        const type = place.kind === "picture" ? ppro.Constants.MediaType.VIDEO : ppro.Constants.MediaType.AUDIO;
        action = ppro.SequenceEditor.getEditor(reading.sequence).createRemoveItemsAction(selection, false, type, false);
      });
      if (!action) throw new Refused("Premiere has made no selection of what is to be removed");
      return action;
    });
  }

  private add(strip: Strip): void {
    const { media } = strip;
    if (!media) throw new Refused(`${strip.name} has no media that Premiere could be given`);
    if (media.speed !== "1") throw new Refused(`${strip.name} plays at another speed, which Premiere's API sets for no clip`);
    if (media.path.includes("%")) throw new Refused(`${media.path} is an image sequence, which cannot be placed from here`);
    if (media.stream) throw new Refused(`${strip.name} plays sound stream ${media.stream + 1} of its file: Premiere's API places the first`);
    if (!strip.enabled) throw new Refused(`${strip.name} is disabled, which Premiere's API does to no clip as it is placed`);
    this.adds.push({ strip, sound: null, item: null });
    this.added.add(strip.id);
  }

  /** `like`: the strip whose settings it should have. */
  private async note(strip: Strip, like: string | null): Promise<void> {
    const place = this.reading.places.get(like ?? "");
    const what = place ? await effects(place) : "";
    const name = this.reading.told.strips.find((one) => one.id === like)?.name ?? "";
    if (what) this.notes.push(`${strip.name} has none of the ${what} of ${name}: give them to it in Premiere`);
  }

  private async change(before: Strip, after: Strip): Promise<void> {
    const place = this.place(before);
    if (before.media && after.media && (before.media.path !== after.media.path || before.media.stream !== after.media.stream)) {
      const what = await effects(place);
      if (what) throw new Refused(`${before.name} has ${what}, which Premiere's API gives to no other media: place the take above it instead`);
      await this.remove(before);
      return this.add(after);
    }
    if (!before.media !== !after.media) throw new Refused(`${before.name} is a clip that only Premiere can show: it cannot play a file`);
    if (before.track !== after.track) throw new Refused(`Premiere's API moves ${before.name} to no other track: move it in Premiere`);
    if (before.media?.speed !== after.media?.speed) throw new Refused(`Premiere's API changes no clip's speed: change that of ${before.name} in Premiere`);
    this.move(place, before, after);
    const { item } = place;
    if (before.name !== after.name) this.makes.push(() => item.createSetNameAction(after.name));
    if (before.enabled !== after.enabled) this.makes.push(() => item.createSetDisabledAction(!after.enabled));
  }

  /**
   * Trims first what goes, then moves, then lets it grow: it never lies where it will not, or has not. Where nothing of it
   * stays, that is done behind everything.
   */
  private move(place: Place, before: Strip, after: Strip): void {
    const { perFrame } = this.reading;
    const { start, end, item } = place;
    const by = BigInt(after.start - before.start) * perFrame;
    const length = end - start + BigInt(after.frames - before.frames) * perFrame;
    const shift = by - (before.media && after.media ? this.later(before.media, after.media) : 0n);
    // [low, high): what will show, where it lies before it is moved by `shift`.
    const [low, high] = [start + by - shift, start + by - shift + length];
    const [first, last] = [low > start ? low : start, high < end ? high : end];
    const times = this.ppro.TickTime;
    const at = (time: bigint) => times.createWithTicks(`${time}`);
    const trimStart = (time: bigint) => this.makes.push(() => item.createSetStartAction(at(time)));
    const trimEnd = (time: bigint) => this.makes.push(() => item.createSetEndAction(at(time)));
    const move = (time: bigint) => time && this.makes.push(() => item.createMoveAction(at(time)));
    if (first < last) {
      if (last < end) trimEnd(last);
      if (first > start) trimStart(first);
      move(shift);
      if (low < first) trimStart(low + shift);
      if (high > last) trimEnd(high + shift);
      return;
    }
    const ends = [...this.reading.places.values()].map((one) => one.end);
    const aside = [...ends, high].reduce((one, other) => (one > other ? one : other)) - (low < start ? low : start);
    move(aside);
    if (high > end) trimEnd(high + aside);
    if (low < start) trimStart(low + aside);
    if (low > start) trimStart(low + aside);
    if (high < end) trimEnd(high + aside);
    move(shift - aside);
  }

  /** Ticks of the sequence by which the later media begins later. */
  private later(before: Media, after: Media): bigint {
    return rounded(divided(fraction(position(after) - position(before)), parsed(before.speed)));
  }

  /** A sound of the same file that lies with a picture comes with it, linked. */
  private pairSounds(): void {
    for (const one of this.adds.filter((other) => other.strip.kind === "picture")) {
      const { tracks } = this.reading;
      const place = this.adds.findIndex(
        ({ strip }) => strip.kind === "sound" && together(strip, one.strip) && tracks.has(strip.track) === tracks.has(one.strip.track),
      );
      if (place >= 0) one.sound = this.adds.splice(place, 1)[0]!.strip;
    }
  }

  /** Of the strip's own, for what it plays: a project item that is placed as a whole. */
  private async subclip(one: Placing, before: Set<string>): Promise<ProjectItem> {
    const { ppro } = this;
    const { project } = this.reading;
    const { strip, sound } = one;
    const media = strip.media!;
    const master = await source(ppro, this.reading.project, media.path);
    const [from, length] = [position(media), BigInt(strip.frames) * this.reading.perFrame];
    const at = (time: bigint) => ppro.TickTime.createWithTicks(`${time}`);
    const takes = { takeVideo: strip.kind === "picture", takeAudio: strip.kind === "sound" || sound !== null };
    transaction(project, `${BIN}: ${strip.name} into the project`, () => [
      master.createSubClipAction(subclipName(strip.name, media), at(from), at(from + length), false, takes),
    ]);
    const name = subclipName(strip.name, media);
    const made = (await all(ppro, project)).find((other) => !before.has(other.getId()) && other.name === name);
    if (!made) throw new Refused(`Premiere made no subclip of ${media.path}: is the take as long as it says?`);
    before.add(made.getId());
    return made;
  }

  private overwrite({ strip, sound, item }: Placing): Action {
    const editor = this.ppro.SequenceEditor.getEditor(this.reading.sequence);
    const time = this.ppro.TickTime.createWithTicks(`${BigInt(strip.start) * this.reading.perFrame}`);
    const index = (one: Strip | null): number => (one ? this.index(one.track) : -1);
    const [video, audio] = strip.kind === "picture" ? [index(strip), index(sound)] : [-1, index(strip)];
    // Of the insert alone the reference says: "If you pass a track index greater than the number of existing tracks, a new
    // track will be created"; nothing lies there that it could shift.
    const fresh = [strip, sound].some((one) => one && !this.reading.tracks.has(one.track));
    if (fresh) return editor.createInsertProjectItemAction(item!, time, video, audio, true);
    return editor.createOverwriteItemAction(item!, time, video, audio);
  }

  private index(track: string): number {
    const kind = this.target.tracks.find((one) => one.name === track)?.kind;
    return this.target.tracks.filter((one) => one.kind === kind).findIndex((one) => one.name === track);
  }

  private check(transition: Transition): void {
    if (this.target.tracks.find((one) => one.name === transition.track)?.kind === "sound") {
      throw new Refused("Premiere's API makes no transition of sound: make it in Premiere");
    }
    if (!this.there(transition.left) && !this.there(transition.right)) {
      throw new Refused("Premiere's API makes no transition between two clips as they are placed: make it in Premiere");
    }
  }

  /** A picture that is not placed by these steps. */
  private there(id: string | null): VideoClipTrackItem | null {
    return this.added.has(id ?? "") ? null : this.picture(id);
  }

  private transition({ left, right, into, out, kind, name }: Transition): Action {
    const { ppro } = this;
    const side = this.there(left);
    const item = (side ?? this.there(right))!;
    const options = ppro.AddTransitionOptions()
      .setApplyToStart(!side)
      .setForceSingleSided(left === null || right === null)
      // Not told: what the number means. In others' code 0.5 lies evenly over the cut; the part before it is assumed.
      .setTransitionAlignment(into / (into + out))
      .setDuration(ppro.TickTime.createWithTicks(`${BigInt(into + out) * this.reading.perFrame}`));
    const transition = ppro.TransitionFactory.createVideoTransition(kind === DISSOLVE ? CROSS_DISSOLVES[0]! : name);
    return item.createAddVideoTransitionAction(transition, options);
  }

  private keep(): Action {
    const before = new Map(this.reading.seen.map((one) => [one.id, one.first]));
    const text = keptText(this.target.strips, this.reading.perFrame, before);
    return this.reading.properties.createSetValueAction(PROPERTY, text, this.ppro.Constants.PropertyType.PERSISTENT);
  }
}

/** What an item has that another in its place would not, in words; "" for nothing that is known. */
async function effects(place: Place): Promise<string> {
  if (place.kind === "sound") return "";
  const chain = await (place.item as VideoClipTrackItem).getComponentChain();
  if (chain.getComponentCount() > OF_EVERY_ITEM) return "effects";
  for (let at = 0; at < chain.getComponentCount(); at++) {
    const component = chain.getComponentAtIndex(at);
    for (let which = 0; which < component.getParamCount(); which++) {
      if (component.getParam(which).isTimeVarying()) return "keyframes";
    }
  }
  return "";
}

function together(one: Strip, other: Strip): boolean {
  const same = one.start === other.start && one.frames === other.frames;
  return same && one.media?.path === other.media?.path && position(one.media!) === position(other.media!);
}

