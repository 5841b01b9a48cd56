const REMEMBERED = 20;
const SKIPPED = 2; // the first ones prepare everything

/** How long drawing takes: the middle of the newest times. */
export class Pace {
  constructor() {
    /** @type {number[]} */
    this.times = [];
    this.seen = 0;
  }

  /**
   * @param {number} took
   * @returns {number | undefined} the median, once there is one
   */
  add(took) {
    this.seen += 1;
    if (this.seen > SKIPPED) this.times = [...this.times.slice(1 - REMEMBERED), took];
    return [...this.times].sort((a, b) => a - b)[Math.floor(this.times.length / 2)];
  }

  // From now on something else is drawn.
  forget() {
    this.times = [];
  }
}
