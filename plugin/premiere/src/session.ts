/** What the panel asks and is told: the handlers of the link, and the look for changes. */

import type { premierepro, Project, Sequence } from "@adobe/premierepro";

import { Change } from "./changing.js";
import type { About, Params } from "./link.js";
import { beside, source } from "./project.js";
import { read, type Reading, revision, ticks } from "./reading.js";
import { takenBack } from "./steps.js";
import { MOVED, Refused, type Step, type Told } from "./wire.js";

const SUPPORTS = [
  "add tracks",
  "place clips",
  "remove clips",
  "move and trim clips",
  "replace a clip's media",
  "place transitions",
  "keep takes with a clip",
  "put a version of the sequence beside it",
  "undo a placement as one step",
  "have a placement as one step of its own history",
  "put media into the bin",
  "tell markers",
  "tell the timecode that the cut starts at",
  "tell the playhead",
  "tell selected clips",
  "tell when something changes",
  "show a frame",
];

const LIMITS = [
  "Not yet run on the real program: it is written after Adobe's reference of the UXP API of Premiere 26.3.",
  "Each clip that is placed is a subclip in the bin Second Unit; putting media into the project are entries of the history " +
    "before that of the placement.",
  "What is placed has no effects: those of the shot that it extends or replaces are not given to it. A shot with effects " +
    "or keyframes is not replaced; its motion and opacity are at their defaults afterwards.",
  "A version of the sequence beside it is imported as Final Cut Pro XML: without effects, motion and opacity. Where the " +
    "sequence has what only Premiere can show, there is none.",
  "Premiere's API changes no clip's speed, moves none to another track, adds tracks at the top only and removes none.",
  "Premiere's API makes no transition of sound, and none between two clips that are placed at once.",
  "Nests, multicamera clips, graphics, adjustment layers, stills, image sequences, clips that play backwards and subclips " +
    "that were not made from here are told as what only Premiere can show: they can be moved and trimmed at their ends.",
  "Speed that changes within a clip is not told by Premiere's API: such a clip is told as at one speed.",
  "Premiere's API does not tell which clips are linked, nor which tracks are locked.",
  "Premiere's API has no undo: a placement is one entry of the history. Take back carries the opposite out, as another " +
    "entry, where nothing is lost by that.",
];

interface Applied {
  revision: string;
  steps: Step[];
  lossless: boolean;
}

/** One for a running plugin. `tell` sends a notification. */
export class Session {
  readonly handlers = {
    read: () => this.told(),
    attention: () => this.attention(),
    apply: (params: Params) => this.apply(params),
    version: (params: Params) => this.version(params),
    undo: (params: Params) => this.undo(params),
    bin: (params: Params) => this.bin(params),
    reveal: (params: Params) => this.reveal(params),
  };
  private seen = "";
  private toldRevision = "";
  private glance = "";
  private looking = false;
  private applied: Applied[] = [];
  private versions: { revision: string; sequence: Sequence }[] = [];
  private followed = "";

  constructor(
    private readonly ppro: premierepro,
    private readonly program: string,
    private readonly tell: (method: string, params?: Params) => void,
  ) {}

  about(): About {
    return { program: "Premiere", version: this.program, supports: SUPPORTS, limits: LIMITS, versions: ".xml" };
  }

  /** Tells what changed since the last look. Most looks see that nothing did, and read no further. */
  async look(thorough = false): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const { project, sequence } = await this.open();
      this.follow(project, sequence);
      const seen = JSON.stringify([project.path, sequence.guid.toString(), await counts(sequence, this.ppro)]);
      if (seen !== this.seen || thorough) {
        this.seen = seen;
        const now = (await this.told()).revision;
        if (now !== this.toldRevision) this.tell("changed");
        this.toldRevision = now;
      }
      const glance = JSON.stringify([(await sequence.getPlayerPosition()).ticks, await selection(sequence)]);
      if (this.glance && glance !== this.glance) this.tell("attention", await this.attention());
      this.glance = glance;
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // no project is open
    } finally {
      this.looking = false;
    }
  }

  /** Hears of edits; what events a version sends and does not is made up for by looking. */
  private follow(project: Project, sequence: Sequence): void {
    const guid = sequence.guid.toString();
    if (guid === this.followed) return;
    this.followed = guid;
    const { EventManager, Constants } = this.ppro;
    const changed = (): void => void this.look(true);
    try {
      EventManager.addEventListener(project, Constants.ProjectEvent.DIRTY, changed);
      EventManager.addEventListener(sequence, Constants.SequenceEvent.SELECTION_CHANGED, () => void this.look());
    } catch {
      // This version has no such event: looking does.
    }
  }

  private async open(): Promise<{ project: Project; sequence: Sequence }> {
    const project = await this.ppro.Project.getActiveProject();
    if (!project) throw new Refused("no project is open in Premiere: open one");
    const sequence = await project.getActiveSequence();
    if (!sequence) throw new Refused("no sequence is open in Premiere: open one in the timeline");
    return { project, sequence };
  }

  private async reading(): Promise<Reading> {
    const { project, sequence } = await this.open();
    return read(this.ppro, project, sequence);
  }

  private async told(): Promise<Told> {
    return told(await this.reading());
  }

  private async of(number: string): Promise<Reading> {
    const reading = await this.reading();
    if (told(reading).revision !== number) throw new Refused("the sequence is not the one that was read: it was edited since", MOVED);
    return reading;
  }

  private async apply(params: Params): Promise<Told> {
    const { steps, revision, name } = params;
    const { now, lossless } = await this.carryOut(steps, revision, name);
    this.applied.push({ revision: now.revision, steps, lossless });
    return now;
  }

  private async carryOut(steps: Step[], number: string, name: string): Promise<{ now: Told; lossless: boolean }> {
    const change = await Change.of(this.ppro, await this.of(number), steps);
    await change.make(name, async () => void (await this.of(number)));
    return { now: { ...(await this.told()), notes: change.notes }, lossless: change.lossless };
  }

  private async version(params: Params): Promise<Told> {
    const reading = await this.of(params.revision);
    const sequence = await beside(this.ppro, reading.project, reading.told.name, params.strips, params.file);
    const made = told(await read(this.ppro, reading.project, sequence));
    this.versions.push({ revision: made.revision, sequence });
    return { ...made, notes: ["effects, motion and opacity of clips are not in that version"] };
  }

  /** The opposite, as another entry of the history; what that would lose is left to Premiere's own undo. */
  private async undo(params: Params): Promise<void> {
    const version = this.versions.find((one) => one.revision === params.revision);
    if (version) {
      const { project } = await this.open();
      const now = told(await read(this.ppro, project, version.sequence)).revision;
      if (now !== version.revision) throw new Refused(`${version.sequence.name} was edited since`, MOVED);
      await project.deleteSequence(version.sequence);
      this.versions = this.versions.filter((one) => one !== version);
      return;
    }
    const last = this.applied.find((one) => one.revision === params.revision);
    if (!last) throw new Refused("what is to be taken back was not placed since Premiere was started: undo it there");
    if (!last.lossless) throw new Refused("taking that back would lose effects of clips: undo it in Premiere (Edit > Undo)");
    await this.carryOut(takenBack(last.steps), params.revision, "Second Unit: taken back");
    this.applied = this.applied.filter((one) => one !== last);
  }

  private async attention(): Promise<Params> {
    const reading = await this.reading();
    const marked = await selection(reading.sequence);
    const selected = [...reading.places].filter(([, one]) => marked.includes(`${one.kind}/${one.track}/${one.start}`));
    const at = ticks(await reading.sequence.getPlayerPosition());
    return { selected: selected.map(([id]) => id).sort(), playhead: Number(at / reading.perFrame) };
  }

  private async bin(params: Params): Promise<void> {
    const { project } = await this.open();
    for (const path of params.files) await source(this.ppro, project, path);
  }

  private async reveal(params: Params): Promise<void> {
    const { sequence } = await this.open();
    const at = BigInt(params.frame) * BigInt(await sequence.getTimebase());
    await sequence.setPlayerPosition(this.ppro.TickTime.createWithTicks(`${at}`));
  }
}

function told(reading: Reading): Told {
  const { project, sequence } = reading;
  const strips = reading.told;
  // As in ExtendScript, where a project that was never saved has a path of no file.
  const named = { project: project.path, sequence: sequence.guid.toString() };
  return { ...named, revision: revision([named, strips]), strips };
}

/** Where the items lie that are selected; items themselves cannot be compared. */
async function selection(sequence: Sequence): Promise<string[]> {
  const items = (await (await sequence.getSelection())?.getTrackItems()) ?? [];
  const found: string[] = [];
  for (const item of items) {
    const kind = "createAddVideoTransitionAction" in item ? "picture" : "sound";
    found.push(`${kind}/${await item.getTrackIndex()}/${ticks(await item.getStartTime())}`);
  }
  return found.sort();
}

/** What is quickly asked, and another with most edits. */
async function counts(sequence: Sequence, ppro: premierepro): Promise<unknown[]> {
  const found: unknown[] = [(await sequence.getEndTime()).ticks];
  const clip = ppro.Constants.TrackItemType.CLIP;
  for (let index = 0; index < (await sequence.getVideoTrackCount()); index++) {
    found.push((await sequence.getVideoTrack(index)).getTrackItems(clip, false).length);
  }
  for (let index = 0; index < (await sequence.getAudioTrackCount()); index++) {
    found.push((await sequence.getAudioTrack(index)).getTrackItems(clip, false).length);
  }
  return found;
}
