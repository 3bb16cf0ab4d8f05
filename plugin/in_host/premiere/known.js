"use strict";
/**
 * Ids and takes of strips, and how strips are known again.
 *
 * Premiere's API keeps nothing with an item of a track, and gives it no id. So a property of the sequence holds a list of
 * strips by what they show, and a strip is known by that: the rules of hosts/kdenlive/kept.py.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.knownText = knownText;
exports.knownIn = knownIn;
exports.knownAgain = knownAgain;
exports.keptText = keptText;
exports.grouped = grouped;
const ticks_js_1 = require("./ticks.js");
function knownText(rows) {
    return JSON.stringify({ version: 1, strips: rows });
}
/** What `knownText` wrote; nothing for anything else. */
function knownIn(text) {
    try {
        const told = JSON.parse(text);
        return told.version === 1 && Array.isArray(told.strips) ? told.strips.filter(isKnown) : [];
    }
    catch {
        return [];
    }
}
function isKnown(row) {
    const texts = ["id", "track", "source", "first", "state"].every((key) => typeof row?.[key] === "string");
    return texts && Number.isInteger(row.frames) && Number.isInteger(row.start) && typeof row.generated === "boolean";
}
/**
 * `seen`, by track and time, with ids and takes.
 *
 * A strip is known by place and content, else by content, where that tells one only; of the parts of a strip that was
 * trimmed, split or copied, the first keeps the id, and all the takes. The id of any other says what it shows.
 * `perFrame`: ticks.
 */
function knownAgain(seen, kept, perFrame) {
    const found = new Map();
    const left = new Set(kept);
    const match = (key) => {
        const rows = grouped([...left], (row) => JSON.stringify(key(row)));
        const open = grouped(seen.map((_, place) => place).filter((place) => !found.has(place)), (place) => JSON.stringify(key(seen[place])));
        for (const [same, places] of open) {
            const [row, ...others] = rows.get(same) ?? [];
            if (places.length === 1 && row && !others.length) {
                found.set(places[0], { ...seen[places[0]], id: row.id, state: row.state, generated: row.generated });
                left.delete(row);
            }
        }
    };
    match((one) => [one.track, one.source, one.first, one.frames, one.start]);
    match((one) => [one.track, one.source, one.first, one.frames]);
    match((one) => [one.source, one.first, one.frames]);
    const used = new Set([...found.values()].map((one) => one.id));
    const bySource = grouped(kept, (row) => row.source);
    seen.forEach((one, place) => {
        if (found.has(place))
            return;
        const same = (bySource.get(one.source) ?? []).filter((row) => overlap(row, one, perFrame));
        if (new Set(same.map((row) => row.id)).size !== 1)
            return;
        const { id, state, generated } = same[0];
        found.set(place, { ...one, id: used.has(id) ? "" : id, state, generated });
        used.add(id);
    });
    return seen.map((one, place) => {
        const row = found.get(place) ?? one;
        let id = row.id;
        const plain = `${one.track}/${one.source.slice(one.source.lastIndexOf("/") + 1)}/${one.first}`;
        for (let number = 1; !id || (!row.id && used.has(id)); number++)
            id = number > 1 ? `${plain}/${number}` : plain;
        used.add(id);
        return { ...row, id };
    });
}
/**
 * For the strips of a sequence: the ids and takes that they would else not be known by again; all where that does not do.
 *
 * `firsts`: by id, of those without media.
 */
function keptText(strips, perFrame, firsts) {
    const rows = strips
        .map((one) => {
        const first = one.media ? `${(0, ticks_js_1.position)(one.media)}` : (firsts.get(one.id) ?? "0");
        const source = one.media ? `${one.media.speed} ${one.media.path}` : one.name;
        const { id, track, frames, start, state, generated } = one;
        return { id, track, source, first, frames, start, state, generated };
    })
        .sort((one, other) => one.start - other.start);
    const seen = rows.map((row) => ({ ...row, id: "", state: "", generated: false }));
    const derived = knownAgain(seen, [], perFrame);
    let kept = rows.filter((row, at) => row.state || row.generated || row.id !== derived[at].id);
    const again = knownAgain(seen, kept, perFrame);
    if (again.some((row, at) => row.id !== rows[at].id || row.state !== rows[at].state))
        kept = rows;
    return knownText(kept);
}
function grouped(all, key) {
    const groups = new Map();
    for (const one of all) {
        const group = groups.get(key(one));
        if (group)
            group.push(one);
        else
            groups.set(key(one), [one]);
    }
    return groups;
}
function overlap(one, other, perFrame) {
    const [first, second] = [BigInt(one.first), BigInt(other.first)];
    return first < second + BigInt(other.frames) * perFrame && second < first + BigInt(one.frames) * perFrame;
}
