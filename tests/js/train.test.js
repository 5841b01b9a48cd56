import assert from "node:assert/strict";
import { test } from "node:test";
import { percentOf, placeOf } from "../../pages/parts/train/knob_scale.js";
import { SentValue } from "../../pages/parts/train/sent_value.js";

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

test("a message from before a knob was turned does not turn it back", () => {
  let now = 0;
  const sent = new SentValue(() => now);
  /** @param {number} value */
  const at = (value, problem = "") => sent.overtakes({ value, problem });
  assert.equal(at(3), false); // nothing was sent
  sent.note("5");
  assert.deepEqual([at(3), at(3), at(5), at(3)], [true, true, false, false]); // answered at 5; after that 3 is another's edit
  sent.note("6");
  sent.note("7");
  assert.deepEqual([at(5), at(6), at(7)], [true, true, false]); // the newest counts
  sent.note("0");
  assert.deepEqual([at(7), at(7, "n_critic must be at least 1"), at(7)], [true, false, false]); // refused
  sent.note("9");
  now = 14_999;
  assert.equal(at(7), true);
  now = 15_000;
  assert.equal(at(7), false); // never answered
});
