"use strict";
/** What is put into the project, beside its open sequence: media, in our bin, and versions of the sequence. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.BIN = void 0;
exports.transaction = transaction;
exports.all = all;
exports.source = source;
exports.beside = beside;
const known_js_1 = require("./known.js");
const reading_js_1 = require("./reading.js");
const wire_js_1 = require("./wire.js");
exports.BIN = "Second Unit";
/** An import may be told as done before what it made is there. */
const LATE_MS = 3000;
/** What `look` finds, once it does; undefined where it does not in time. */
async function awaited(look) {
    for (const end = Date.now() + LATE_MS;; await new Promise((done) => setTimeout(done, 50))) {
        const found = await look();
        if (found !== undefined || Date.now() > end)
            return found;
    }
}
/** Actions may only be made inside: https://developer.adobe.com/premiere-pro/uxp/changelog/ , 26.3. */
function transaction(project, name, make) {
    let done = false;
    try {
        project.lockedAccess(() => {
            done = project.executeTransaction((compound) => {
                for (const action of make())
                    if (compound.addAction(action) === false)
                        throw new Error("an action was not accepted");
            }, name);
        });
    }
    catch (error) {
        if (error instanceof wire_js_1.Refused)
            throw error;
        throw new wire_js_1.Refused(`Premiere did not carry out "${name}" (${error instanceof Error ? error.message : String(error)}): is a track locked?`);
    }
    if (!done)
        throw new wire_js_1.Refused(`Premiere did not carry out "${name}": is a track locked?`);
}
/** Everything in the project's bins. */
async function all(ppro, project) {
    const found = [];
    const open = [await project.getRootItem()];
    for (let folder = open.pop(); folder; folder = open.pop()) {
        for (const item of await folder.getItems()) {
            found.push(item);
            if (item.type === ppro.ProjectItem.TYPE_BIN)
                open.push(ppro.FolderItem.cast(item));
        }
    }
    return found;
}
/** The clip of the whole file; it is imported where there is none. */
async function source(ppro, project, path) {
    const find = async () => {
        for (const item of await all(ppro, project)) {
            const clip = item.type === ppro.ProjectItem.TYPE_CLIP ? ppro.ClipProjectItem.cast(item) : null;
            if (!clip || (await clip.isSequence()))
                continue;
            const own = await clip.getMediaFilePath();
            if ((0, reading_js_1.mediaPath)(own) !== (0, reading_js_1.mediaPath)(path))
                continue;
            const whole = await clip.findItemsMatchingMediaPath(own, true);
            if (whole.some((one) => one.getId() === item.getId()))
                return clip;
        }
        return undefined;
    };
    const there = await find();
    if (there)
        return there;
    await intoBin(ppro, project, [path]);
    const found = await awaited(find);
    if (!found)
        throw new wire_js_1.Refused(`Premiere cannot open ${path}`);
    return found;
}
/**
 * A sequence beside the open one, of a file that the panel has written: Premiere's API changes no clip's speed, its import
 * does. Not told: that `importFiles` takes such a file; ExtendScript's of the same name does.
 */
async function beside(ppro, project, name, strips, file) {
    const own = strips.strips.filter((one) => !one.media).map((one) => one.name);
    if (own.length)
        throw new wire_js_1.Refused(`a version of the sequence would lose what only Premiere can show: ${own.join(", ")}`);
    const all = await project.getSequences();
    const before = new Set(all.map((one) => one.guid.toString()));
    await intoBin(ppro, project, [file]);
    const made = await awaited(async () => (await project.getSequences()).find((one) => !before.has(one.guid.toString())));
    if (!made)
        throw new wire_js_1.Refused(`Premiere has made no sequence of ${file}`);
    try {
        const names = all.map((one) => one.name);
        let number = 2;
        while (names.includes(`${name} ${number}`))
            number++;
        const item = await made.getProjectItem();
        const properties = await ppro.Properties.getProperties(made);
        const kept = (0, known_js_1.keptText)(strips.strips, BigInt(await made.getTimebase()), new Map());
        transaction(project, `${exports.BIN}: a version`, () => [
            item.createSetNameAction(`${name} ${number}`),
            properties.createSetValueAction(reading_js_1.PROPERTY, kept, ppro.Constants.PropertyType.PERSISTENT),
        ]);
        return made;
    }
    catch (error) {
        await project.deleteSequence(made);
        throw error;
    }
}
/** Imports files into our bin, which is made where there is none. */
async function intoBin(ppro, project, paths) {
    const root = await project.getRootItem();
    const find = async () => (await root.getItems()).find((one) => one.type === ppro.ProjectItem.TYPE_BIN && one.name === exports.BIN);
    if (!(await find()))
        transaction(project, `${exports.BIN}: bin`, () => [root.createBinAction(exports.BIN, false)]);
    const done = await project.importFiles(paths, true, await awaited(find), false);
    if (done === false)
        throw new wire_js_1.Refused(`Premiere cannot open ${paths.join(", ")}`);
}
