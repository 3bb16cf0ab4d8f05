import assert from "node:assert/strict";
import { test } from "node:test";

import { mediaPath, played } from "../src/reading.js";
import { text } from "../src/ticks.js";

test("what a speed and points mean is told by what lasts how long", () => {
  for (const [told, low, high, length, speed, position] of [
    [1, 50n, 150n, 100n, "1", 50n],
    [100, 50n, 150n, 100n, "1", 50n],
    [2, 50n, 250n, 100n, "2", 50n],
    [200, 50n, 250n, 100n, "2", 50n],
    [2, 50n, 150n, 100n, "2", 100n],
    [0.5, 50n, 100n, 100n, "1/2", 50n],
    [50, 50n, 100n, 100n, "1/2", 50n],
  ] as const) {
    const [found, first] = played(told, low, high, length)!;
    assert.deepEqual([text(found), first], [speed, position], `${told} from ${low} to ${high} for ${length}`);
  }
  assert.equal(played(2, 50n, 90n, 100n), null);
});

test("paths are compared as one system has them in several ways", () => {
  assert.equal(mediaPath("/Volumes/Ca\u0301mara/A.mov"), "/Volumes/C\u00e1mara/A.mov");
  assert.equal(mediaPath("\\\\?\\C:\\media\\A.mov"), "C:\\media\\A.mov");
  assert.equal(mediaPath("\\\\server\\share\\A.mov"), "\\\\server\\share\\A.mov");
});
