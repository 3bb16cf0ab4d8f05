/** What is put into the project, beside its open sequence: media, in our bin, and versions of the sequence. */

import type { Action, ClipProjectItem, FolderItem, premierepro, Project, ProjectItem, Sequence } from "@adobe/premierepro";

import { keptText } from "./known.js";
import { mediaPath, PROPERTY } from "./reading.js";
import { Refused, type Strips } from "./wire.js";

export const BIN = "Second Unit";
/** An import may be told as done before what it made is there. */
const LATE_MS = 3000;

/** What `look` finds, once it does; undefined where it does not in time. */
async function awaited<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const end = Date.now() + LATE_MS; ; await new Promise((done) => setTimeout(done, 50))) {
    const found = await look();
    if (found !== undefined || Date.now() > end) return found;
  }
}

/** Actions may only be made inside: https://developer.adobe.com/premiere-pro/uxp/changelog/ , 26.3. */
export function transaction(project: Project, name: string, make: () => Action[]): void {
  let done = false;
  try {
    project.lockedAccess(() => {
      done = project.executeTransaction((compound) => {
        for (const action of make()) if (compound.addAction(action) === false) throw new Error("an action was not accepted");
      }, name);
    });
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(`Premiere did not carry out "${name}" (${error instanceof Error ? error.message : String(error)}): is a track locked?`);
  }
  if (!done) throw new Refused(`Premiere did not carry out "${name}": is a track locked?`);
}

/** Everything in the project's bins. */
export async function all(ppro: premierepro, project: Project): Promise<ProjectItem[]> {
  const found: ProjectItem[] = [];
  const open: FolderItem[] = [await project.getRootItem()];
  for (let folder = open.pop(); folder; folder = open.pop()) {
    for (const item of await folder.getItems()) {
      found.push(item);
      if (item.type === ppro.ProjectItem.TYPE_BIN) open.push(ppro.FolderItem.cast(item));
    }
  }
  return found;
}

/** The clip of the whole file; it is imported where there is none. */
export async function source(ppro: premierepro, project: Project, path: string): Promise<ClipProjectItem> {
  const find = async (): Promise<ClipProjectItem | undefined> => {
    for (const item of await all(ppro, project)) {
      const clip = item.type === ppro.ProjectItem.TYPE_CLIP ? ppro.ClipProjectItem.cast(item) : null;
      if (!clip || (await clip.isSequence())) continue;
      const own = await clip.getMediaFilePath();
      if (mediaPath(own) !== mediaPath(path)) continue;
      const whole = await clip.findItemsMatchingMediaPath(own, true);
      if (whole.some((one) => one.getId() === item.getId())) return clip;
    }
    return undefined;
  };
  const there = await find();
  if (there) return there;
  await intoBin(ppro, project, [path]);
  const found = await awaited(find);
  if (!found) throw new Refused(`Premiere cannot open ${path}`);
  return found;
}

/**
 * A sequence beside the open one, of a file that the panel has written: Premiere's API changes no clip's speed, its import
 * does. Not told: that `importFiles` takes such a file; ExtendScript's of the same name does.
 */
export async function beside(ppro: premierepro, project: Project, name: string, strips: Strips, file: string): Promise<Sequence> {
  const own = strips.strips.filter((one) => !one.media).map((one) => one.name);
  if (own.length) throw new Refused(`a version of the sequence would lose what only Premiere can show: ${own.join(", ")}`);
  const all = await project.getSequences();
  const before = new Set(all.map((one) => one.guid.toString()));
  await intoBin(ppro, project, [file]);
  const made = await awaited(async () => (await project.getSequences()).find((one) => !before.has(one.guid.toString())));
  if (!made) throw new Refused(`Premiere has made no sequence of ${file}`);
  try {
    const names = all.map((one) => one.name);
    let number = 2;
    while (names.includes(`${name} ${number}`)) number++;
    const item = await made.getProjectItem();
    const properties = await ppro.Properties.getProperties(made);
    const kept = keptText(strips.strips, BigInt(await made.getTimebase()), new Map());
    transaction(project, `${BIN}: a version`, () => [
      item.createSetNameAction(`${name} ${number}`),
      properties.createSetValueAction(PROPERTY, kept, ppro.Constants.PropertyType.PERSISTENT),
    ]);
    return made;
  } catch (error) {
    await project.deleteSequence(made);
    throw error;
  }
}

/** Imports files into our bin, which is made where there is none. */
async function intoBin(ppro: premierepro, project: Project, paths: string[]): Promise<void> {
  const root = await project.getRootItem();
  const find = async (): Promise<ProjectItem | undefined> =>
    (await root.getItems()).find((one) => one.type === ppro.ProjectItem.TYPE_BIN && one.name === BIN);
  if (!(await find())) transaction(project, `${BIN}: bin`, () => [root.createBinAction(BIN, false)]);
  const done = await project.importFiles(paths, true, await awaited(find), false);
  if (done === false) throw new Refused(`Premiere cannot open ${paths.join(", ")}`);
}
