// Decides when to request the next look (the next state of the laboratory): after a pause once a look has arrived, and never while the
// page is hidden.

const RETRY_AFTER_MS = 2000; // a look that has not arrived by then is requested again

/**
 * What the timing depends on.
 * @typedef {object} Watching
 * @property {() => boolean} wanted whether the page is visible and the laboratory plays
 * @property {(number: number) => void} ask requests a look
 * @property {() => number} now in ms
 */

export class Asking {
  /** @param {Watching} watching */
  constructor(watching) {
    this.watching = watching;
    this.asked = 0; // how many looks were requested
    this.askedAt = 0;
    this.arrivedAt = 0;
    this.restMs = 0;
    this.waiting = false;
    this.closed = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.watch = setInterval(() => this.retryIfLost(), 500);
  }

  /**
   * To be called when a look has arrived.
   * @param {number} restMs the pause before the next request
   * @param {boolean} isNew whether it differs from the one before
   */
  lookArrived(restMs, isNew) {
    clearTimeout(this.timer);
    this.restMs = restMs;
    this.waiting = false;
    if (isNew) this.arrivedAt = this.watching.now();
    this.askAfterPause();
  }

  // Request a look after the pause. A page that was hidden calls this when it becomes visible again.
  askAfterPause() {
    if (this.waiting || this.closed || !this.watching.wanted()) return;
    this.waiting = true;
    clearTimeout(this.timer);
    if (this.restMs) this.timer = setTimeout(() => this.ask(), this.restMs);
    else this.ask();
  }

  ask() {
    if (this.closed) return;
    // The page may have been hidden, or the laboratory paused, since the pause began.
    this.waiting = this.watching.wanted();
    if (!this.waiting) return;
    this.askedAt = this.watching.now();
    this.asked += 1;
    this.watching.ask(this.asked);
  }

  // An answer may get lost, for example when the whole page is redrawn in the meantime.
  retryIfLost() {
    const since = this.watching.now() - Math.max(this.askedAt, this.arrivedAt);
    if (this.watching.wanted() && since > RETRY_AFTER_MS + this.restMs) this.ask();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
  }
}
