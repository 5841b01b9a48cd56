import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Asking } from "../../pages/components/asking.js";
import { Clock } from "./helpers.js";

/** @type {Clock} */
let clock;
/** @type {Asking} */
let asking;
/** @type {number[]} */
let asked; // when
let watched = true;

beforeEach(() => {
  clock = new Clock();
  asked = [];
  watched = true;
  asking = new Asking({ wanted: () => watched, ask: () => asked.push(clock.now), now: () => clock.now });
});
afterEach(() => {
  asking.close();
  clock.leave();
});

test("it asks as soon as a look has come, once", () => {
  clock.pass(10);
  asking.lookArrived(0, true);
  asking.askAfterPause();
  assert.deepEqual(asked, [10]);
});

test("it asks after the rest", () => {
  asking.lookArrived(300, true);
  clock.pass(299);
  assert.deepEqual(asked, []);
  clock.pass(1);
  assert.deepEqual(asked, [300]);
});

test("a pause that comes during the rest holds", () => {
  asking.lookArrived(300, true);
  watched = false;
  asking.lookArrived(0, true);
  watched = true;
  clock.pass(1000);
  assert.deepEqual(asked, []);
});

test("nothing is asked for a page that was hidden during the rest, until it shows again", () => {
  asking.lookArrived(300, true);
  watched = false;
  clock.pass(1000);
  assert.deepEqual(asked, []);
  watched = true;
  asking.askAfterPause();
  clock.pass(300);
  assert.deepEqual(asked, [1300]);
});

test("an answer that got lost is asked for again", () => {
  asking.lookArrived(0, true);
  clock.pass(2400);
  assert.deepEqual(asked, [0]);
  clock.pass(200);
  assert.deepEqual(asked, [0, 2500]);
  watched = false;
  clock.pass(10_000);
  assert.equal(asked.length, 2);
});

test("it ends", () => {
  asking.lookArrived(300, true);
  asking.close();
  clock.pass(10_000);
  assert.deepEqual([asked, clock.due], [[], []]);
});
