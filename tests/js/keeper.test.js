import assert from "node:assert/strict";
import { test } from "node:test";
import keeper from "../../pages/parts/learn/keeper.js";

/** @param {string} href */
function browser(href) {
  const shown = /** @type {string[]} */ ([]);
  const kept = /** @type {Map<string, string>} */ (new Map());
  Object.assign(globalThis, {
    location: new URL(href),
    document: { addEventListener() {} },
    history: {
      state: null,
      replaceState: (/** @type {unknown} */ _state, /** @type {string} */ _title, /** @type {URL} */ to) => shown.push(to.href),
    },
    localStorage: {
      getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
    },
  });
  return { shown, kept };
}

let clock = 0;

/**
 * @param {string | null} progress
 * @param {Record<string, string>} place
 * @param {number} drawn
 */
function send(progress, place, drawn = ++clock) {
  const sent = /** @type {unknown[]} */ ([]);
  keeper(
    /** @type {any} */ ({
      data: { progress, place, drawn },
      setTriggerValue: (/** @type {string} */ _name, /** @type {unknown} */ value) => sent.push(value),
    }),
  );
  return sent;
}

test("the address follows the step, keeps what else it holds, and is left alone when it is right", () => {
  const { shown } = browser("http://x/learn?embed=true&lesson=noise&step=1");
  send("", { lesson: "noise", step: "2" });
  send("", { lesson: "noise", step: "1" });
  send("", {});
  assert.deepEqual(shown, ["http://x/learn?embed=true&lesson=noise&step=2", "http://x/learn?embed=true"]);
});

test("progress is kept, and given back when it is asked for", () => {
  browser("http://x/learn");
  assert.deepEqual(send(null, {}), [""]);
  assert.deepEqual(send("mine", {}), []);
  assert.deepEqual(send(null, {}), ["mine"]);
});

test("a browser that keeps nothing is no error", () => {
  browser("http://x/learn");
  Object.assign(globalThis, { localStorage: undefined });
  assert.deepEqual(send("mine", {}), []);
  assert.deepEqual(send(null, {}), [""]);
});

test("a lesson that is drawn once more after the list does not come back into the address", () => {
  const { shown } = browser("http://x/learn?lesson=noise&step=1");
  send("", { lesson: "noise", step: "1" });
  send("", {});
  send("", { lesson: "noise", step: "1" }, clock - 1);
  assert.deepEqual(shown, ["http://x/learn"]);
});
