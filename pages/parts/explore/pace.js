const REMEMBERED = 20;
const SKIPPED = 2; // the first drawings take longer, because they prepare everything

/** How long drawing takes: the median of the newest times, in ms. */
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

  // Start again, because something else is drawn from now on.
  forget() {
    this.times = [];
  }
}
