// When to ask for the next look: as soon as one is there, but for a rest; never for a page that is hidden.

const PATIENCE = 2000; // ms after which a look that never came is asked for again

/**
 * What the answer depends on.
 * @typedef {object} Watching
 * @property {() => boolean} wanted somebody looks on, and the laboratory plays
 * @property {(number: number) => void} ask
 * @property {() => number} now in ms
 */

export class Asking {
  /** @param {Watching} watching */
  constructor(watching) {
    this.watching = watching;
    this.asked = 0; // how often
    this.askedAt = 0;
    this.cameAt = 0;
    this.rest = 0;
    this.waiting = false;
    this.closed = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.watch = setInterval(() => this.again(), 500);
  }

  /**
   * A look came.
   * @param {number} rest ms to wait before the next
   * @param {boolean} news it is not the same as before
   */
  came(rest, news) {
    clearTimeout(this.timer);
    this.rest = rest;
    this.waiting = false;
    if (news) this.cameAt = this.watching.now();
    this.soon();
  }

  // After the rest. A page that was hidden calls this when it shows again.
  soon() {
    if (this.waiting || this.closed || !this.watching.wanted()) return;
    this.waiting = true;
    clearTimeout(this.timer);
    if (this.rest) this.timer = setTimeout(() => this.ask(), this.rest);
    else this.ask();
  }

  ask() {
    if (this.closed) return;
    // Whoever looked on when the rest began may have gone.
    this.waiting = this.watching.wanted();
    if (!this.waiting) return;
    this.askedAt = this.watching.now();
    this.asked += 1;
    this.watching.ask(this.asked);
  }

  // An answer may get lost, for example when the whole page was drawn anew in between.
  again() {
    const since = this.watching.now() - Math.max(this.askedAt, this.cameAt);
    if (this.watching.wanted() && since > PATIENCE + this.rest) this.ask();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
  }
}
