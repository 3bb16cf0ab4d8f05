import assert from "node:assert/strict";
import { test } from "node:test";

import { type Known, knownAgain, knownIn, knownText } from "../src/known.js";

const PER_FRAME = 10n;

function seen(source: string, first: number, start: number, frames = 24): Known {
  return { id: "", track: "V1", source, first: `${first * 10}`, frames, start, state: "", generated: false };
}

const ids = (rows: readonly Known[]): string[] => rows.map((row) => row.id);

test("strips that nothing is kept of are called after what they show, each by another name", () => {
  const rows = knownAgain([seen("1 /a/A.mov", 0, 0), seen("1 /a/A.mov", 0, 24), seen("1 /b/A.mov", 0, 48)], [], PER_FRAME);
  assert.deepEqual(ids(rows), ["V1/A.mov/0", "V1/A.mov/0/2", "V1/A.mov/0/3"]);
});

test("a strip is known where it lies, where it has moved to, and on another track", () => {
  const kept = [{ ...seen("1 /A.mov", 5, 0), id: "a", state: "takes", generated: true }];
  for (const now of [seen("1 /A.mov", 5, 0), seen("1 /A.mov", 5, 90), { ...seen("1 /A.mov", 5, 90), track: "V2" }]) {
    const [row] = knownAgain([now], kept, PER_FRAME);
    assert.deepEqual([row!.id, row!.state, row!.generated], ["a", "takes", true]);
  }
});

test("of the parts of a strip the first keeps its id, and all the takes", () => {
  const kept = [{ ...seen("1 /A.mov", 5, 0), id: "a", state: "takes" }];
  const rows = knownAgain([seen("1 /A.mov", 5, 0, 10), seen("1 /A.mov", 15, 10, 14)], kept, PER_FRAME);
  assert.deepEqual(ids(rows), ["a", "V1/A.mov/150"]);
  assert.deepEqual(rows.map((row) => row.state), ["takes", "takes"]);
});

test("of two that are alike none is taken for the one that was kept elsewhere", () => {
  const kept = [
    { ...seen("1 /A.mov", 0, 0), id: "a" },
    { ...seen("1 /A.mov", 0, 24), id: "b" },
  ];
  const rows = knownAgain([seen("1 /A.mov", 0, 24), seen("1 /A.mov", 0, 70)], kept, PER_FRAME);
  assert.equal(rows[0]!.id, "b");
  assert.ok(!["b"].includes(rows[1]!.id));
});

test("what somebody else wrote is left out", () => {
  const row = { ...seen("1 /A.mov", 0, 0), id: "a" };
  assert.deepEqual(knownIn(knownText([row])), [row]);
  for (const text of ["", "{", "null", "[]", '{"version":2,"strips":[]}', '{"version":1,"strips":[{"id":1}]}']) {
    assert.deepEqual(knownIn(text), [], text);
  }
});
