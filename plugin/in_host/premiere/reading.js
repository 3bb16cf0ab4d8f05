"use strict";
/**
 * A sequence as the strips that docs/host-link.md tells, and where each is found again.
 *
 * Not run on the real program. What Adobe's reference leaves open is noted at each place with what others found
 * (REFERENCE: https://developer.adobe.com/premiere-pro/uxp/ppro-reference/).
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.CROSS_DISSOLVES = exports.DISSOLVE = exports.PROPERTY = void 0;
exports.ticks = ticks;
exports.read = read;
exports.plainName = plainName;
exports.mediaPath = mediaPath;
exports.played = played;
exports.subclipName = subclipName;
exports.revision = revision;
const known_js_1 = require("./known.js");
const ticks_js_1 = require("./ticks.js");
exports.PROPERTY = "secondunit";
exports.DISSOLVE = "SMPTE_Dissolve";
/** https://github.com/AdobeDocs/uxp-premiere-pro-samples lists the match names; the newer of the two is the default. */
exports.CROSS_DISSOLVES = ["AE.ADBE Cross Dissolve New", "ADBE Cross Dissolve New", "AE.ADBE Cross Dissolve", "ADBE Cross Dissolve"];
const STILLS = /\.(png|jpe?g|tiff?|exr|dpx|tga|bmp|gif|psd|ai|webp|heic|svg)$/i;
const FINEST = 30030n;
function ticks(time) {
    return BigInt(time.ticks);
}
async function read(ppro, project, sequence) {
    // getTimebase "Gets the time base of sequence": ticks of a frame, as in ExtendScript's Sequence.timebase,
    // https://ppro-scripting.docsforadobe.dev/sequence/sequence/ .
    const perFrame = BigInt(await sequence.getTimebase());
    const zero = ticks(await sequence.getZeroPoint());
    const properties = await ppro.Properties.getProperties(sequence);
    const own = (0, ticks_js_1.fraction)(ticks_js_1.PER_SECOND, perFrame);
    const media = new Medias(ppro, own);
    const tracks = new Map();
    const told = [];
    const found = [];
    const transitions = [];
    for (const [kind, count] of [
        ["picture", await sequence.getVideoTrackCount()],
        ["sound", await sequence.getAudioTrackCount()],
    ]) {
        for (let index = 0; index < count; index++) {
            const track = kind === "picture" ? await sequence.getVideoTrack(index) : await sequence.getAudioTrack(index);
            const lane = named(track.name, kind, index, tracks);
            tracks.set(lane, { kind, index, track });
            // No call tells whether a track is locked; a transaction on a locked one is expected to fail.
            told.push({ name: lane, kind, enabled: !(await track.isMuted()), locked: false });
            const types = ppro.Constants.TrackItemType;
            const seen = items(track, types.CLIP).map((item) => seenItem(item, kind, index, media));
            for (const one of await Promise.all(seen))
                found.push({ ...one, lane });
            for (const item of items(track, types.TRANSITION)) {
                const [start, end] = [ticks(await item.getStartTime()), ticks(await item.getEndTime())];
                const name = await item.getMatchName();
                const dissolve = exports.CROSS_DISSOLVES.includes(name);
                const at = { track: lane, at: 0, into: 0, out: 0 };
                transitions.push({ ...at, kind: dissolve ? exports.DISSOLVE : "Custom_Transition", name: dissolve ? "" : name, start, end });
            }
        }
    }
    found.sort((one, other) => Number(one.start - other.start));
    const frame = (time) => Number((0, ticks_js_1.rounded)((0, ticks_js_1.fraction)(time, perFrame)));
    const seen = found.map((one) => ({
        ...{ id: "", track: one.lane, state: "", generated: false },
        ...{ source: one.media ? `${one.media.speed} ${one.media.path}` : one.name, first: `${one.position}` },
        ...{ start: frame(one.start), frames: frame(one.end) - frame(one.start) },
    }));
    const kept = properties.hasValue(exports.PROPERTY) ? (0, known_js_1.knownIn)(properties.getValue(exports.PROPERTY)) : [];
    const known = (0, known_js_1.knownAgain)(seen, kept, perFrame);
    const places = new Map();
    const linked = links(found);
    const strips = found.map((one, place) => {
        const { id, state, generated, start, frames } = known[place];
        places.set(id, one);
        const strip = { id, track: one.lane, kind: one.kind, name: one.name, start, frames };
        return { ...strip, media: one.media, enabled: one.enabled, link: linked.get(one) ?? "", generated, state };
    });
    const order = [...tracks.keys()];
    strips.sort((one, other) => order.indexOf(one.track) - order.indexOf(other.track) || one.start - other.start);
    return {
        ...{ project, sequence, properties, perFrame, places, tracks, seen: known },
        told: {
            ...{ name: sequence.name, rate: (0, ticks_js_1.text)(own), start: frame(zero), tracks: told, strips },
            transitions: transitions.flatMap((one) => placed(one, strips, frame)),
            markers: await markers(ppro, sequence, frame),
        },
    };
}
/** As the timeline calls the track, V1; by its name where it has been given one: "Video 1" in any language is none. */
function named(name, kind, index, taken) {
    const plain = plainName(kind, index);
    let made = !name || name.endsWith(`${index + 1}`) ? plain : name;
    while (taken.has(made))
        made = made === plain ? `${made}'` : plain;
    return made;
}
function plainName(kind, index) {
    return `${kind === "picture" ? "V" : "A"}${index + 1}`;
}
/** Texts as macOS has them on the disk and in memory differ, and long paths of Windows have a beginning of their own. */
function mediaPath(told) {
    return told.normalize("NFC").replace(/^\\\\\?\\/, "");
}
function items(track, type) {
    return track.getTrackItems(type, false);
}
async function seenItem(item, kind, track, media) {
    // "relative to the sequence start time"; not to its timecode, as ExtendScript's TrackItem.start has it:
    // https://ppro-scripting.docsforadobe.dev/item/trackitem/ .
    const [start, end] = [ticks(await item.getStartTime()), ticks(await item.getEndTime())];
    const { told, position, ours } = await media.of(item, start, end);
    const name = (await item.getName()).replace(OURS, "");
    return { item, kind, track, start, end, position, ours, name, media: told, enabled: !(await item.isDisabled()) };
}
/** What items play; each project item is asked once. */
class Medias {
    ppro;
    own;
    sources = new Map();
    subclips = new Map();
    constructor(ppro, own) {
        this.ppro = ppro;
        this.own = own;
    }
    async of(item, start, end) {
        const [low, high] = [ticks(await item.getInPoint()), ticks(await item.getOutPoint())];
        const nothing = { told: null, position: low, ours: false };
        const projectItem = await item.getProjectItem();
        if (!projectItem || (await item.isAdjustmentLayer()) || (await item.isSpeedReversed()))
            return nothing;
        const id = projectItem.getId();
        if (!this.sources.has(id))
            this.sources.set(id, this.source(this.ppro.ClipProjectItem.cast(projectItem), id));
        const source = await this.sources.get(id);
        if (!source)
            return nothing;
        const [speed, position] = played(await item.getSpeed(), low, high, end - start) ?? [];
        if (!speed || position === undefined)
            return nothing;
        const first = (0, ticks_js_1.times)((0, ticks_js_1.fraction)(position + source.offset, ticks_js_1.PER_SECOND), source.rate);
        const told = { path: source.path, rate: (0, ticks_js_1.text)(source.rate), first: (0, ticks_js_1.text)(first), speed: (0, ticks_js_1.text)(speed), stream: 0 };
        return { told, position: position + source.offset, ours: source.ours };
    }
    async source(clip, id) {
        if (!clip || (await clip.isSequence()) || (await clip.isMulticamClip()) || (await clip.isMergedClip()))
            return null;
        const path = mediaPath(await clip.getMediaFilePath());
        // A still and a numbered sequence of stills cannot be told apart.
        if (!path || STILLS.test(path))
            return null;
        const frames = (await clip.getFootageInterpretation()).getFrameRate();
        const own = frames > 0 ? (0, ticks_js_1.rate)(frames) : this.own;
        if (!this.subclips.has(path))
            this.subclips.set(path, subclips(clip, path));
        if (!(await this.subclips.get(path)).has(id))
            return { path, rate: own, offset: 0n, ours: false };
        const offset = await ourOffset(this.ppro, clip, own);
        return offset === null ? null : { path, rate: own, offset, ours: true };
    }
}
/**
 * The speed, and where it begins, of what lasts `length` in the sequence and has points in its media.
 *
 * Not told: whether `getSpeed` says 1 or 100 for the media's own speed, and whether the points of an item at another speed
 * count the media's time or the sequence's. The points say: of these readings one fits them.
 */
function played(told, low, high, length) {
    for (const speed of [(0, ticks_js_1.nearest)(told, FINEST), (0, ticks_js_1.nearest)(told / 100, FINEST)]) {
        const off = high - low - (0, ticks_js_1.rounded)((0, ticks_js_1.times)((0, ticks_js_1.fraction)(length), speed));
        if (-1n <= off && off <= 1n)
            return [speed, low];
    }
    const speed = (0, ticks_js_1.nearest)(told, FINEST);
    return high - low === length ? [speed, (0, ticks_js_1.rounded)((0, ticks_js_1.times)((0, ticks_js_1.fraction)(low), speed))] : null;
}
async function subclips(clip, path) {
    const [all, plain] = [await clip.findItemsMatchingMediaPath(path, false), await clip.findItemsMatchingMediaPath(path, true)];
    const ids = new Set(plain.map((one) => one.getId()));
    return new Set(all.map((one) => one.getId()).filter((one) => !ids.has(one)));
}
const OURS = /, from frame (\d+(?:\/\d+)?)$/;
/** The name of a subclip of ours says where in the media it begins: no call tells. */
function subclipName(name, media) {
    return `${name}, from frame ${media.first}`;
}
/**
 * What the points of an item on a track count from, for a subclip of ours; null for one of somebody else.
 *
 * They are "relative to the start time of the project item". Not told: whether that of a subclip is its own beginning or
 * the media's. The subclip's own in point says: it is where the subclip begins, or 0.
 */
async function ourOffset(ppro, clip, own) {
    const frame = OURS.exec(clip.name)?.[1];
    if (frame === undefined)
        return null;
    const begin = (0, ticks_js_1.rounded)((0, ticks_js_1.times)((0, ticks_js_1.divided)((0, ticks_js_1.parsed)(frame), own), (0, ticks_js_1.fraction)(ticks_js_1.PER_SECOND)));
    const types = ppro.Constants.MediaType;
    const points = [ticks(await clip.getInPoint(types.VIDEO)), ticks(await clip.getInPoint(types.AUDIO))];
    return points.includes(begin) ? 0n : begin;
}
/** The API does not tell which items are linked: a picture and a sound of one file that lie together are. By item. */
function links(all) {
    const playing = all.filter((one) => one.media);
    const groups = (0, known_js_1.grouped)(playing, (one) => `${one.start}/${one.end}/${one.position}/${one.media?.path}`);
    const linked = [...groups].filter(([, group]) => {
        const pictures = group.filter((one) => one.kind === "picture").length;
        return pictures === 1 && group.length > 1;
    });
    return new Map(linked.flatMap(([key, group]) => group.map((one) => [one, key])));
}
/** Nothing for one that lies at no edge of a strip. */
function placed(told, strips, frame) {
    const { start, end, ...one } = told;
    const [first, last] = [frame(start), frame(end)];
    const own = strips.filter((strip) => strip.track === one.track);
    const edges = own.flatMap((strip) => [strip.start, strip.start + strip.frames]);
    const inside = [...new Set(edges)].filter((edge) => first <= edge && edge <= last);
    const middle = (first + last) / 2;
    const [at] = inside.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    if (at === undefined)
        return [];
    const left = own.find((strip) => strip.start + strip.frames === at)?.id ?? null;
    const right = own.find((strip) => strip.start === at)?.id ?? null;
    return [{ ...one, at, into: at - first, out: last - at, left, right }];
}
async function markers(ppro, sequence, frame) {
    const all = (await ppro.Markers.getMarkers(sequence)).getMarkers();
    return all
        .map((one) => ({ name: one.getName(), at: one.getStart(), frames: one.getDuration(), text: one.getComments() }))
        .map((one) => ({ ...one, at: frame(ticks(one.at)), frames: frame(ticks(one.frames)) }))
        .sort((one, other) => one.at - other.at);
}
/** Of anything as JSON; only to be compared. Two 32-bit FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ . */
function revision(told) {
    const line = JSON.stringify(told);
    let [one, other] = [0x811c9dc5, 0x811c9dc5 ^ line.length];
    for (let at = 0; at < line.length; at++) {
        one = Math.imul(one ^ line.charCodeAt(at), 0x01000193);
        other = Math.imul(other ^ line.charCodeAt(line.length - 1 - at), 0x01000193);
    }
    return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
