import assert from "node:assert/strict";
import { test } from "node:test";
import { percentOf, placeOf } from "../../pages/parts/train/knob_scale.js";

const STOPS = [0.001, 0.01, 0.1, 1];

test("a value's place on a knob is its logarithm's", () => {
  assert.deepEqual(
    STOPS.map((stop) => placeOf(STOPS, stop)),
    [0, 1, 2, 3],
  );
  assert.ok(Math.abs(placeOf(STOPS, Math.sqrt(0.001)) - 1.5) < 1e-12);
  assert.ok(Math.abs(percentOf(STOPS, 0.1) - 200 / 3) < 1e-12);
});

test("a value beyond the ends of a knob counts as the end", () => {
  assert.deepEqual([placeOf(STOPS, 1e-9), placeOf(STOPS, 7)], [0, 3]);
});
