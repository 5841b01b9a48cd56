// The time of a run: where the cursor goes, what the server hears of it, and which picture is seen.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { cursorAt } from "../../pages/components/cursor.js";
import { FrameStore, frameStore } from "../../pages/components/frame_store.js";
import momentPicture from "../../pages/components/moment_picture.js";
import { across, inForce, inWords, nearest, stepIn, stopAfter, valueAt } from "../../pages/components/moments.js";
import timelineComponent from "../../pages/components/timeline.js";
import placeComponent, { stepOf } from "../../pages/parts/compare/place.js";
import { argumentsOf, FakeElement, pack, settle } from "./fake_page.js";
import { Clock } from "./helpers.js";

// Where things are.

test("a place of a comparison as a step of a run: the last step where the axis stands still, and at most the end", () => {
  const run = { places: [0, 0, 1, 1, 2], steps: [0, 4, 5, 9, 10] }; // generator updates, n_critic 5
  assert.deepEqual(
    [0, 0.5, 1, 1.5, 2, 99].map((place) => stepOf(run, place)),
    [4, 5, 9, 10, 10, 10],
  );
  assert.equal(stepOf({ places: [0], steps: [0] }, 7), 0);
});

test("the nearest number, the earlier of two", () => {
  assert.deepEqual(
    [-5, 0, 4, 5, 6, 99].map((x) => nearest([0, 10, 20], x)),
    [0, 0, 0, 0, 1, 2],
  );
  assert.equal(nearest([], 3), -1);
});

test("the stops before and after, and the end", () => {
  const stops = [0, 100, 200, 400];
  const go = (/** @type {number | null} */ at, /** @type {number} */ count) => stopAfter(stops, at, count, 400);
  assert.deepEqual([go(0, 1), go(100, 1), go(150, 1), go(200, 1), go(0, 10)], [100, 200, 200, null, null]); // 400 is the end itself
  assert.deepEqual([go(null, -1), go(null, 1), go(150, -1), go(100, -1), go(0, -1), go(null, -10)], [200, null, 100, 0, 0, 0]);
  assert.equal(stopAfter([400], 3, -1, 400), null);
});

test("a step that was typed", () => {
  assert.deepEqual(["12800", " 12,800 ", "1.234.567", "12 800", "0"].map(stepIn), [12800, 12800, 1234567, 12800, 0]);
  assert.deepEqual(["", "-3", "1e3", "12.5", "1,28", "step", "9".repeat(16)].map(stepIn), [null, null, null, null, null, null, null]);
});

test("what a curve and the settings say there", () => {
  const curve = { steps: [10, 20, 30], values: [1, 2, 3] };
  assert.deepEqual([valueAt(curve, 24), valueAt(curve, 26), valueAt({ steps: [], values: [] }, 1)], [2, 3, Number.NaN]);
  const settings = /** @type {[number, string][]} */ ([
    [0, "first"],
    [51, "then"],
  ]);
  assert.deepEqual(
    [0, 50, 51, 99].map((step) => inForce(settings, step)),
    ["first", "first", "then", "then"],
  );
  assert.deepEqual([12800, 0.0123456, 17, Number.NaN].map(inWords), ["12,800", "0.01235", "17", "not known"]);
});

test("from one scale to another and back", () => {
  const [steps, seconds] = [
    [0, 100, 200],
    [0, 10, 50],
  ];
  assert.deepEqual([across(steps, seconds, 50), across(steps, seconds, 150), across(steps, seconds, 300)], [5, 30, 90]);
  assert.deepEqual([across(seconds, steps, 5), across(seconds, steps, 30)], [50, 150]);
  assert.equal(across([0, 1, 2], [7, 7, 7], 1.5), 7); // a scale that stands still, such as generator updates in a warm-up
  assert.ok(Number.isNaN(across([], [], 1)));
});

// Pictures that are held.

const decoding = { count: 0, size: 100 };

beforeEach(() => {
  globalThis.wganFrames = undefined;
  globalThis.wganCursors = undefined;
  Object.assign(decoding, { count: 0, size: 100 });
  Object.assign(globalThis, {
    createImageBitmap: async (/** @type {Blob} */ blob) => {
      decoding.count += 1;
      if ((await blob.text()) === "broken") throw new Error("no picture");
      return { width: decoding.size, height: decoding.size, close() {} };
    },
    matchMedia: () => ({ matches: false }),
    requestAnimationFrame: () => 1,
  });
});

test("a store holds what is kept, says what is missing, and forgets the rest", async () => {
  const store = new FrameStore();
  store.add("0:a", new Blob(["x"]));
  store.add("9:a", new Blob(["x"]));
  assert.deepEqual(
    store.arrange([
      [0, "0:a"],
      [5, "5:a"],
      [9, "9:b"],
    ]),
    ["5:a", "9:b"],
  ); // the run was resumed, and step 9 is another one
  assert.deepEqual(store.steps, [0]);
  assert.equal(store.nearest(400), 0);
  const picture = await store.picture(0);
  assert.equal(picture, await store.picture(0));
  assert.equal(store.picture(0), picture); // at once
  assert.equal(decoding.count, 1);
  assert.equal(store.picture(7), null);
});

test("a store keeps as many pictures decoded as fit, and one that is broken is not tried again", async () => {
  decoding.size = 2000;
  const store = new FrameStore();
  for (let step = 0; step < 10; step++) store.add(`${step}`, new Blob([step === 9 ? "broken" : "x"]));
  store.arrange(Array.from({ length: 10 }, (_, step) => [step, `${step}`]));
  for (let step = 0; step < 9; step++) await store.picture(step);
  assert.equal(store.shown.filter((frame) => frame.decoded).length, 6); // of 4 million pixels each
  assert.ok(store.shown[8].decoded && !store.shown[0].decoded);
  assert.equal(await store.picture(9), null);
  assert.equal(store.picture(9), null);
  assert.equal(decoding.count, 10);
  assert.equal(store.fits(), false);
});

test("a store is found again by its name", () => {
  assert.equal(frameStore("one"), frameStore("one"));
  assert.notEqual(frameStore("one"), frameStore("two"));
});

// The timeline.

const clock = { now: new Clock() };
clock.now.leave();

beforeEach(() => {
  clock.now = new Clock();
});
afterEach(() => clock.now.leave());

const header = {
  cursor: "run:a",
  end: 400,
  training: true,
  paused: false,
  at: /** @type {number | null} */ (null),
  stops: [0, 100, 200, 400],
  marks: [
    [100, "full", ""],
    [200, "edit", "n_critic 3 → 5"],
  ],
  value: "estimate",
  settings: [
    [0, "n_critic 3"],
    [201, "n_critic 5"],
  ],
  held: "",
  frames: "",
  actions: [{ name: "branch", label: "Branch", near: "Branch from {step}", help: "", of: ["full"], not: ["pin"] }],
};

class Page {
  constructor() {
    this.root = new FakeElement();
    /** @type {unknown[]} */
    this.sent = [];
  }

  /** @param {object} changes */
  show(changes = {}) {
    const data = pack({ ...header, ...changes }, "");
    const given = argumentsOf(this.root, data);
    timelineComponent({ ...given, setTriggerValue: (name, value) => this.sent.push([name, value]) });
    return this;
  }

  get host() {
    return /** @type {FakeElement} */ (this.root.querySelector(".timeline"));
  }

  /** @param {string} selector */
  find(selector) {
    return /** @type {FakeElement} */ (this.host.querySelector(selector));
  }

  /**
   * @param {string} selector
   * @param {string} type
   * @param {object} [details]
   */
  fire(selector, type, details = {}) {
    this.find(selector).dispatchEvent(Object.assign(new Event(type), details));
    return this;
  }

  /** @param {string} name */
  key(name) {
    return this.fire(".track", "keydown", { key: name });
  }

  get words() {
    return this.find(".track").attributes["aria-valuetext"];
  }
}

test("keys move the cursor at once; the server hears only where it comes to rest", () => {
  const page = new Page().show();
  assert.equal(page.words, "Live, step 400. n_critic 5");
  page.key("ArrowLeft");
  assert.equal(cursorAt("run:a"), 200);
  assert.equal(page.words, "Step 200. n_critic 3 → 5. n_critic 3");
  page.key("ArrowLeft");
  assert.match(page.words, /^Step 100. Saved in full/);
  clock.now.pass(300);
  assert.deepEqual(page.sent, []);
  clock.now.pass(100);
  assert.deepEqual(page.sent, [["moved", { step: 100 }]]);
  page.key("End");
  clock.now.pass(400);
  assert.deepEqual(page.sent[1], ["moved", { step: null }]);
  assert.ok(Number.isNaN(cursorAt("run:a")));
});

test("only a run that trains is called live", () => {
  const page = new Page().show();
  const called = () => [page.words.split(",")[0], page.find(".live").textContent];
  assert.deepEqual(called(), ["Live", "● Live"]);
  page.show({ paused: true });
  assert.deepEqual(called(), ["Paused", "Paused"]);
  page.key("ArrowLeft");
  assert.equal(page.find(".live").textContent, "Back to the newest");
  page.key("End").show({ training: false });
  assert.deepEqual(called(), ["The end", "At the end"]);
});

test("while the cursor is in the past, what comes from the training run does not move it", () => {
  const page = new Page().show();
  page.key("Home");
  page.show({ end: 450 }); // sent before the server heard of the move
  clock.now.pass(400);
  page.show({ end: 500, at: 0 });
  page.show({ end: 550, at: 0 });
  assert.deepEqual([cursorAt("run:a"), page.sent.length], [0, 1]);
  page.show({ end: 600, at: null }); // a button of the server: back to live
  assert.ok(Number.isNaN(cursorAt("run:a")));
  page.show({ cursor: "run:b", at: 100 }); // another run, by a link
  assert.equal(cursorAt("run:b"), 100);
});

test("a page that was drawn before the server heard of a move does not move the cursor back", () => {
  const page = new Page().show();
  page.key("Home");
  clock.now.pass(400);
  page.show({ end: 450 }); // the server was drawing this when the move was sent
  assert.equal(cursorAt("run:a"), 0);
  page.key("ArrowRight");
  clock.now.pass(400);
  page.show({ end: 460 });
  page.show({ end: 470, at: 0 }); // the answer to the first move
  assert.equal(cursorAt("run:a"), 100);
  page.show({ end: 480, at: 100 });
  page.show({ end: 490, at: 0 }); // once it has answered, what it says is news: the browser's Back button
  assert.equal(cursorAt("run:a"), 0);
  page.key("End");
  clock.now.pass(6000);
  page.show({ end: 500, at: 0, stops: [0, 500] }); // it has not heard for so long that this is what it says
  assert.equal(cursorAt("run:a"), 0);
});

test("dragging follows the pointer, and stops where something is kept", () => {
  const page = new Page().show();
  page.fire(".track", "pointerdown", { button: 0, clientX: 40, pointerId: 1 });
  assert.equal(cursorAt("run:a"), 160);
  page.fire(".track", "pointermove", { clientX: 27 });
  assert.equal(cursorAt("run:a"), 100); // 108 is near 100
  clock.now.pass(1000);
  assert.deepEqual(page.sent, []);
  page.fire(".track", "pointerup");
  clock.now.pass(0);
  assert.deepEqual(page.sent, [["moved", { step: 100 }]]);
  page.fire(".track", "pointermove", { clientX: 90 }); // no longer held
  assert.equal(cursorAt("run:a"), 100);
  page.fire(".track", "pointerdown", { button: 0, clientX: 140, pointerId: 1 });
  assert.ok(Number.isNaN(cursorAt("run:a")));
});

test("a step that is typed, one beyond the end, and one that is none", () => {
  const page = new Page().show();
  const type = (/** @type {string} */ text) => {
    page.find(".typed input").value = text;
    page.fire(".typed input", "change");
  };
  type("150");
  assert.equal(cursorAt("run:a"), 150);
  assert.equal(page.find(".problem").hidden, true);
  type("-7");
  assert.equal(cursorAt("run:a"), 150);
  assert.match(page.find(".problem").textContent, /whole number/);
  type("9,000");
  assert.ok(Number.isNaN(cursorAt("run:a")));
  assert.match(page.find(".problem").textContent, /has come to step 400/);
});

test("a button says which step it is for, and is there only where it can do something", () => {
  const page = new Page().show();
  const button = /** @type {FakeElement} */ (page.find(".actions").children[0]);
  assert.equal(button.hidden, true); // live
  page.key("ArrowLeft");
  assert.deepEqual([button.hidden, button.textContent], [false, "Branch from 100"]); // the nearest step that is saved in full
  page.key("ArrowLeft");
  assert.deepEqual([button.hidden, button.textContent], [false, "Branch"]);
  button.dispatchEvent(new Event("click"));
  assert.deepEqual(page.sent, [["action", { name: "branch", step: 100 }]]);
  page.show({ at: 100, marks: [...header.marks, [100, "pin", ""]] });
  assert.equal(button.hidden, true);
});

// The picture.

/**
 * @param {FakeElement} root
 * @param {object} changes
 * @param {string} body
 * @param {unknown[]} [sent]
 */
function picture(root, changes, body, sent = []) {
  const whole = {
    cursor: "run:a",
    store: "a",
    step: 400,
    bytes: 4,
    kept: [],
    sent: [],
    alt: "at {step}",
    caption: "at {step}",
    ...changes,
  };
  const given = argumentsOf(root, pack(whole, body));
  momentPicture({ ...given, setTriggerValue: (name, value) => sent.push([name, value]) });
}

test("the past stays in sight while newer pictures come, and goes when the cursor does", async () => {
  clock.now.leave();
  class FakeImage extends FakeElement {
    async decode() {}
  }
  Object.assign(globalThis, { Image: FakeImage });
  URL.createObjectURL = () => "blob:";
  URL.revokeObjectURL = () => {};
  const page = new Page().show();
  const root = new FakeElement();
  const kept = [
    [100, "100:0"],
    [200, "200:0"],
  ];
  /** @type {unknown[]} */
  const asked = [];
  picture(root, { kept, sent: [["100:0", 3]] }, "liveone", asked);
  await settle();
  const figure = /** @type {FakeElement} */ (root.querySelector("figure"));
  const [image, canvas, caption] = ["img", "canvas", "figcaption"].map((name) => /** @type {FakeElement} */ (figure.querySelector(name)));
  assert.deepEqual([image.hidden, canvas.hidden, caption.textContent], [false, true, "at 400"]);
  page.key("ArrowLeft"); // to step 200, whose picture has not come yet
  await settle();
  assert.match(caption.textContent, /^at 100 \(step 200 itself is not kept/);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(asked, [["missing", ["200:0"]]]);
  picture(root, { kept, sent: [["200:0", 3]], step: 450 }, "livetwo");
  await settle();
  assert.deepEqual([image.hidden, canvas.hidden, caption.textContent], [true, false, "at 200"]);
  picture(root, { kept, step: 500 }, "live");
  await settle();
  assert.equal(caption.textContent, "at 200");
  page.key("End");
  assert.deepEqual([image.hidden, canvas.hidden, caption.textContent], [false, true, "at 500"]);
});

// The cursor of a comparison, while what is compared is still being trained.

test("what is recorded meanwhile moves the cursor of a comparison only if nobody has moved it", () => {
  const root = new FakeElement();
  /** @type {unknown[]} */
  const told = [];
  const given = argumentsOf(root, null);
  const show = (/** @type {number} */ place, /** @type {number} */ reach) => {
    const runs = [{ cursor: "test:A", places: [0, reach], steps: [0, reach] }];
    const data = { cursor: "test", title: "critic updates", whole: true, ends: [], runs, place, reach };
    placeComponent({ ...given, data, setTriggerValue: (_name, value) => told.push(value) });
  };
  const input = /** @type {FakeElement} */ (/** @type {FakeElement} */ (root.querySelector(".place")).querySelector("input"));
  const drag = (/** @type {number} */ value) => {
    input.value = String(value);
    input.dispatchEvent(new Event("input"));
  };
  show(2000, 2000);
  assert.equal(cursorAt("test"), 2000);
  show(4000, 4000); // nobody has moved it: it stays at the end
  assert.equal(cursorAt("test"), 4000);
  input.dispatchEvent(new Event("pointerdown"));
  drag(250);
  assert.deepEqual([cursorAt("test"), cursorAt("test:A")], [1000, 1000]);
  show(5000, 5000); // while it is dragged
  assert.equal(cursorAt("test"), 1000);
  drag(300);
  globalThis.dispatchEvent(new Event("pointerup"));
  input.dispatchEvent(new Event("change"));
  show(6000, 6000); // before the server is told
  assert.deepEqual([cursorAt("test"), told], [1500, []]);
  clock.now.pass(250);
  show(7000, 7000); // on its way when the server was told
  assert.deepEqual([cursorAt("test"), told], [1500, [1500]]);
  show(1500, 7000);
  show(1500, 8000);
  assert.equal(cursorAt("test"), 1500);
  show(900, 8000); // a link
  assert.equal(cursorAt("test"), 900);
});
