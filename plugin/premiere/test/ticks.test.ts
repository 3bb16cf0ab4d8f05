import assert from "node:assert/strict";
import { test } from "node:test";

import { divided, fraction, nearest, parsed, PER_SECOND, rate, rounded, text, times } from "../src/ticks.js";

test("a frame of each rate is a whole number of ticks", () => {
  for (const one of ["24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60"]) {
    const perFrame = divided(fraction(PER_SECOND), parsed(one));
    assert.equal(perFrame.under, 1n, one);
  }
});

test("rates that are told as numbers with a point are exact", () => {
  for (const [told, exact] of [
    [23.976, "24000/1001"],
    [23.976023976023978, "24000/1001"],
    [29.97, "30000/1001"],
    [29.97002997, "30000/1001"],
    [59.94, "60000/1001"],
    [119.88011988, "120000/1001"],
    [24, "24"],
    [25, "25"],
    [12.5, "25/2"],
    [15, "15"],
  ] as const) {
    assert.equal(text(rate(told)), exact, `${told}`);
  }
});

test("fractions are reduced, signs are kept, ties go up", () => {
  assert.equal(text(fraction(-4n, -6n)), "2/3");
  assert.equal(text(fraction(4n, -6n)), "-2/3");
  assert.equal(text(times(parsed("24000/1001"), parsed("1001/1000"))), "24");
  for (const [value, whole] of [["1/2", 1n], ["-1/2", 0n], ["-3/2", -1n], ["-5/3", -2n], ["7/3", 2n], ["-7", -7n]] as const) {
    assert.equal(rounded(parsed(value)), whole, value);
  }
});

test("speeds that are told as numbers with a point are simple fractions", () => {
  for (const [told, exact] of [[1, "1"], [2, "2"], [0.5, "1/2"], [1.25, "5/4"], [0.3333333333333333, "1/3"], [0.9590409590409591, "960/1001"]] as const) {
    assert.equal(text(nearest(told, 30030n)), exact);
  }
});
