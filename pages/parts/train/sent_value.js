// What a knob has sent and the server has not yet answered. Until then the server's messages still tell of the value before, and a knob
// that followed them would jump back under the hand of whoever turns it.

const PATIENCE = 15_000; // ms, after which the knob shows what the server says

export class SentValue {
  /** @param {() => number} now ms */
  constructor(now = () => performance.now()) {
    this.now = now;
    /** @type {{ value: number, until: number } | undefined} */
    this.sent = undefined;
  }

  /** @param {string} value */
  note(value) {
    this.sent = { value: Number(value), until: this.now() + PATIENCE };
  }

  /**
   * Whether a message is older than what was sent.
   * @param {{ value: number, problem: string }} message
   */
  overtakes({ value, problem }) {
    const { sent } = this;
    if (sent === undefined || value === sent.value || problem || this.now() >= sent.until) this.sent = undefined;
    return this.sent !== undefined;
  }
}
