/** In the page: the stand-in for Premiere, and what `page.ts` calls from outside. */

import { premiere } from "./fake.js";
import { asked, Person } from "./person.js";
import { type MediaFile, World } from "./world.js";

declare const secondunitFind: (path: string) => void;
declare const secondunitFiles: Record<string, string>;

const files = new Map<string, MediaFile | null>();
const waiting = new Map<string, () => void>();

function find(path: string): Promise<void> {
  return new Promise((done) => {
    waiting.set(path, done);
    secondunitFind(path);
  });
}

/** `file`: as JSON, its duration as a text. */
export function found(path: string, file: any): void {
  files.set(path, file && { ...file, duration: BigInt(file.duration) });
  waiting.get(path)?.();
}

const world = new World({ probe: (path) => files.get(path) ?? null, find, subclipsCountFrom: "media" });
const person = new Person(world);

export const done = (line: string): string => asked(world, person, line);

/** What `require` gives the plugin. */
export const modules: Record<string, unknown> = {
  premierepro: premiere(world),
  uxp: { host: { version: "26.3.0" } },
  fs: {
    readFile: async (path: string) => {
      const text = secondunitFiles[path];
      if (text === undefined) throw new Error(`${path} is not there`);
      return text;
    },
  },
};
