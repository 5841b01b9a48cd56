// Requests the next look at a training as soon as the last one has arrived, and none while the page is hidden. It shows nothing.

import { Asking } from "../../components/asking.js";
import { find } from "../../components/elements.js";
import { kept } from "../../components/kept.js";

/** @import { ComponentArguments } from "../../components/types.d.ts" */

/**
 * What ticker.py sends.
 * @typedef {object} TickerData
 * @property {boolean} playing
 * @property {number} count of the looks so far
 */

/** @param {ComponentArguments<TickerData>} component */
export default function tickerComponent({ data, parentElement, setTriggerValue }) {
  const [ticker, leave] = kept(find(parentElement, "span", HTMLElement), () => new Ticker());
  ticker.ask = (number) => setTriggerValue("look", number);
  ticker.show(data);
  return leave;
}

class Ticker {
  constructor() {
    this.data = { playing: false, count: -1 };
    /** @type {(number: number) => void} */
    this.ask = () => {};
    const wanted = () => this.data.playing && !document.hidden;
    this.asking = new Asking({ wanted, ask: (number) => this.ask(number), now: () => performance.now() });
    this.listeners = new AbortController();
    document.addEventListener("visibilitychange", () => this.asking.askAfterPause(), { signal: this.listeners.signal });
  }

  /** @param {TickerData} data */
  show(data) {
    const isNew = data.count !== this.data.count;
    this.data = data;
    this.asking.lookArrived(0, isNew);
  }

  close() {
    this.asking.close();
    this.listeners.abort();
  }
}
