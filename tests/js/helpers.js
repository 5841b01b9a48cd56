// What several tests need: Python's numbers, comparing numbers, and a clock that goes when it is told to.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * What python_numbers.py wrote.
 * @type {typeof import("./numbers.json")}
 */
export const numbers = JSON.parse(readFileSync(new URL("./numbers.json", import.meta.url), "utf8"));

/**
 * Asserts that numbers are those of Python, but for rounding.
 * @param {ArrayLike<number>} found
 * @param {ArrayLike<number>} wanted
 * @param {number} [tolerance] absolute, and relative for numbers beyond 1
 */
export function assertClose(found, wanted, tolerance = 1e-6) {
  assert.equal(found.length, wanted.length);
  for (let index = 0; index < wanted.length; index++) {
    const off = Math.abs(found[index] - wanted[index]);
    assert.ok(off <= tolerance * Math.max(1, Math.abs(wanted[index])), `at ${index}: ${found[index]}, not ${wanted[index]}`);
  }
}

/**
 * @param {Uint8Array | Uint32Array | Float32Array} array
 * @returns {string}
 */
export function sha256(array) {
  return createHash("sha256")
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest("hex");
}

/** Takes the place of setTimeout and setInterval until `leave` is called. */
export class Clock {
  constructor() {
    this.now = 0;
    /** @type {{ at: number, call: () => void, every: number }[]} */
    this.due = [];
    this.originals = { setTimeout, clearTimeout, setInterval, clearInterval };
    const start =
      (/** @type {boolean} */ again) =>
      (/** @type {() => void} */ call, every = 0) => {
        const timer = { at: this.now + every, call, every: again ? every : 0 };
        this.due.push(timer);
        return timer;
      };
    const stop = (/** @type {unknown} */ timer) => {
      this.due = this.due.filter((each) => each !== timer);
    };
    Object.assign(globalThis, { setTimeout: start(false), setInterval: start(true), clearTimeout: stop, clearInterval: stop });
  }

  /**
   * Let time pass, and call what is due meanwhile.
   * @param {number} ms
   */
  pass(ms) {
    const until = this.now + ms;
    for (;;) {
      const next = this.due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.now = next.at;
      if (next.every) next.at += next.every;
      else this.due = this.due.filter((each) => each !== next);
      next.call();
    }
    this.now = until;
  }

  leave() {
    Object.assign(globalThis, this.originals);
  }
}
