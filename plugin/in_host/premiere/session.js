"use strict";
/** What the panel asks and is told: the handlers of the link, and the look for changes. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Session = void 0;
const changing_js_1 = require("./changing.js");
const project_js_1 = require("./project.js");
const reading_js_1 = require("./reading.js");
const steps_js_1 = require("./steps.js");
const wire_js_1 = require("./wire.js");
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
/** One for a running plugin. `tell` sends a notification. */
class Session {
    ppro;
    program;
    tell;
    handlers = {
        read: () => this.told(),
        attention: () => this.attention(),
        apply: (params) => this.apply(params),
        version: (params) => this.version(params),
        undo: (params) => this.undo(params),
        bin: (params) => this.bin(params),
        reveal: (params) => this.reveal(params),
    };
    seen = "";
    toldRevision = "";
    glance = "";
    looking = false;
    applied = [];
    versions = [];
    followed = "";
    constructor(ppro, program, tell) {
        this.ppro = ppro;
        this.program = program;
        this.tell = tell;
    }
    about() {
        return { program: "Premiere", version: this.program, supports: SUPPORTS, limits: LIMITS, versions: ".xml" };
    }
    /** Tells what changed since the last look. Most looks see that nothing did, and read no further. */
    async look(thorough = false) {
        if (this.looking)
            return;
        this.looking = true;
        try {
            const { project, sequence } = await this.open();
            this.follow(project, sequence);
            const seen = JSON.stringify([project.path, sequence.guid.toString(), await counts(sequence, this.ppro)]);
            if (seen !== this.seen || thorough) {
                this.seen = seen;
                const now = (await this.told()).revision;
                if (now !== this.toldRevision)
                    this.tell("changed");
                this.toldRevision = now;
            }
            const glance = JSON.stringify([(await sequence.getPlayerPosition()).ticks, await selection(sequence)]);
            if (this.glance && glance !== this.glance)
                this.tell("attention", await this.attention());
            this.glance = glance;
        }
        catch (error) {
            if (!(error instanceof wire_js_1.Refused))
                throw error; // no project is open
        }
        finally {
            this.looking = false;
        }
    }
    /** Hears of edits; what events a version sends and does not is made up for by looking. */
    follow(project, sequence) {
        const guid = sequence.guid.toString();
        if (guid === this.followed)
            return;
        this.followed = guid;
        const { EventManager, Constants } = this.ppro;
        const changed = () => void this.look(true);
        try {
            EventManager.addEventListener(project, Constants.ProjectEvent.DIRTY, changed);
            EventManager.addEventListener(sequence, Constants.SequenceEvent.SELECTION_CHANGED, () => void this.look());
        }
        catch {
            // This version has no such event: looking does.
        }
    }
    async open() {
        const project = await this.ppro.Project.getActiveProject();
        if (!project)
            throw new wire_js_1.Refused("no project is open in Premiere: open one");
        const sequence = await project.getActiveSequence();
        if (!sequence)
            throw new wire_js_1.Refused("no sequence is open in Premiere: open one in the timeline");
        return { project, sequence };
    }
    async reading() {
        const { project, sequence } = await this.open();
        return (0, reading_js_1.read)(this.ppro, project, sequence);
    }
    async told() {
        return told(await this.reading());
    }
    async of(number) {
        const reading = await this.reading();
        if (told(reading).revision !== number)
            throw new wire_js_1.Refused("the sequence is not the one that was read: it was edited since", wire_js_1.MOVED);
        return reading;
    }
    async apply(params) {
        const { steps, revision, name } = params;
        const { now, lossless } = await this.carryOut(steps, revision, name);
        this.applied.push({ revision: now.revision, steps, lossless });
        return now;
    }
    async carryOut(steps, number, name) {
        const change = await changing_js_1.Change.of(this.ppro, await this.of(number), steps);
        await change.make(name, async () => void (await this.of(number)));
        return { now: { ...(await this.told()), notes: change.notes }, lossless: change.lossless };
    }
    async version(params) {
        const reading = await this.of(params.revision);
        const sequence = await (0, project_js_1.beside)(this.ppro, reading.project, reading.told.name, params.strips, params.file);
        const made = told(await (0, reading_js_1.read)(this.ppro, reading.project, sequence));
        this.versions.push({ revision: made.revision, sequence });
        return { ...made, notes: ["effects, motion and opacity of clips are not in that version"] };
    }
    /** The opposite, as another entry of the history; what that would lose is left to Premiere's own undo. */
    async undo(params) {
        const version = this.versions.find((one) => one.revision === params.revision);
        if (version) {
            const { project } = await this.open();
            const now = told(await (0, reading_js_1.read)(this.ppro, project, version.sequence)).revision;
            if (now !== version.revision)
                throw new wire_js_1.Refused(`${version.sequence.name} was edited since`, wire_js_1.MOVED);
            await project.deleteSequence(version.sequence);
            this.versions = this.versions.filter((one) => one !== version);
            return;
        }
        const last = this.applied.find((one) => one.revision === params.revision);
        if (!last)
            throw new wire_js_1.Refused("what is to be taken back was not placed since Premiere was started: undo it there");
        if (!last.lossless)
            throw new wire_js_1.Refused("taking that back would lose effects of clips: undo it in Premiere (Edit > Undo)");
        await this.carryOut((0, steps_js_1.takenBack)(last.steps), params.revision, "Second Unit: taken back");
        this.applied = this.applied.filter((one) => one !== last);
    }
    async attention() {
        const reading = await this.reading();
        const marked = await selection(reading.sequence);
        const selected = [...reading.places].filter(([, one]) => marked.includes(`${one.kind}/${one.track}/${one.start}`));
        const at = (0, reading_js_1.ticks)(await reading.sequence.getPlayerPosition());
        return { selected: selected.map(([id]) => id).sort(), playhead: Number(at / reading.perFrame) };
    }
    async bin(params) {
        const { project } = await this.open();
        for (const path of params.files)
            await (0, project_js_1.source)(this.ppro, project, path);
    }
    async reveal(params) {
        const { sequence } = await this.open();
        const at = BigInt(params.frame) * BigInt(await sequence.getTimebase());
        await sequence.setPlayerPosition(this.ppro.TickTime.createWithTicks(`${at}`));
    }
}
exports.Session = Session;
function told(reading) {
    const { project, sequence } = reading;
    const strips = reading.told;
    // As in ExtendScript, where a project that was never saved has a path of no file.
    const named = { project: project.path, sequence: sequence.guid.toString() };
    return { ...named, revision: (0, reading_js_1.revision)([named, strips]), strips };
}
/** Where the items lie that are selected; items themselves cannot be compared. */
async function selection(sequence) {
    const items = (await (await sequence.getSelection())?.getTrackItems()) ?? [];
    const found = [];
    for (const item of items) {
        const kind = "createAddVideoTransitionAction" in item ? "picture" : "sound";
        found.push(`${kind}/${await item.getTrackIndex()}/${(0, reading_js_1.ticks)(await item.getStartTime())}`);
    }
    return found.sort();
}
/** What is quickly asked, and another with most edits. */
async function counts(sequence, ppro) {
    const found = [(await sequence.getEndTime()).ticks];
    const clip = ppro.Constants.TrackItemType.CLIP;
    for (let index = 0; index < (await sequence.getVideoTrackCount()); index++) {
        found.push((await sequence.getVideoTrack(index)).getTrackItems(clip, false).length);
    }
    for (let index = 0; index < (await sequence.getAudioTrackCount()); index++) {
        found.push((await sequence.getAudioTrack(index)).getTrackItems(clip, false).length);
    }
    return found;
}
