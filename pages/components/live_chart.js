// A Plotly chart that keeps its element. Every update goes through Plotly.react, so zoom, legend and hover text stay.

import { readTheme, template } from "./chart_theme.js";
import { cursorAt, onCursor, seekCursor } from "./cursor.js";
import { find, make } from "./elements.js";
import { highlighted, onHighlight } from "./highlight.js";
import { kept } from "./kept.js";
import { across } from "./moments.js";
import { unpack } from "./payload.js";
import { chartConfig, loadPlotly } from "./plotly.js";

/** @import { Packed } from "./payload.js" */
/** @import { ComponentArguments, PlotlyElement, PlotlyLibrary, PlotlyTrace } from "./types.d.ts" */

/**
 * What live_chart.py packs before the figure, which is JSON.
 * @typedef {object} ChartHeader
 * @property {string} url of plotly.js, relative to the page
 * @property {string} alt
 * @property {number} height
 * @property {string} revision a new value resets the zoom and the hidden legend entries
 * @property {string} name the file name of the downloaded picture
 * @property {string | null} cursor
 * @property {[cursor: number[], axis: number[]] | null} scale where places of the cursor are on the x axis, both ascending; null: the same
 * @property {string | null} legend
 */

/** @param {ComponentArguments<Packed<ChartHeader>>} component */
export default function chartComponent({ data, parentElement }) {
  const message = find(parentElement, ".wgan-chart-message", HTMLElement);
  const [chart, leave] = kept(find(parentElement, ".wgan-chart", HTMLElement), (host) => new Chart(host, message));
  chart.show(data);
  return leave;
}

class Chart {
  /**
   * @param {HTMLElement} host
   * @param {HTMLElement} message
   */
  constructor(host, message) {
    this.host = /** @type {PlotlyElement} */ (host); // it has these methods once Plotly has drawn in it
    this.message = message;
    this.drawn = ""; // stamp and theme of the chart on the screen
    /** @type {Packed<ChartHeader> | null} */
    this.next = null; // the newest message that has not been drawn yet
    this.busy = false;
    this.closed = false;
    /** @type {PlotlyLibrary | null} */
    this.plotly = null;
    /** @type {object | null} */
    this.config = null;
    /** @type {string | null} */
    this.cursor = null;
    /** @type {[number[], number[]] | null} */
    this.scale = null;
    /** @type {HTMLElement | null} */
    this.line = null;
    /** @type {string | null} */
    this.legend = null;
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.resize()));
    this.observer.observe(host);
    this.listeners = new AbortController();
    onCursor("wgan-cursor", ({ cursor }) => cursor === this.cursor && this.showCursor(), this.listeners.signal);
    onHighlight(({ legend }) => legend === this.legend && this.showHighlight(), this.listeners.signal);
  }

  /** @param {Packed<ChartHeader>} data */
  async show(data) {
    this.next = data;
    if (this.busy) return;
    this.busy = true;
    while (this.next && !this.closed) {
      const newest = this.next;
      this.next = null;
      try {
        await this.draw(newest);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.showMessage(`The chart could not be drawn: ${why} Reload the page to try again.`);
      }
    }
    this.busy = false;
  }

  /** @param {Packed<ChartHeader>} data */
  async draw(data) {
    const [header, body] = unpack(data);
    const theme = readTheme(this.host);
    const wanted = header.stamp + JSON.stringify(theme);
    if (wanted === this.drawn) return;
    this.host.style.height = `${header.height}px`;
    this.host.setAttribute("aria-label", header.alt);
    this.plotly = await loadPlotly(header.url);
    await this.untilNotDragged();
    if (this.closed || this.next) return;
    const figure = JSON.parse(new TextDecoder().decode(body));
    const look = { template: template(theme), uirevision: header.revision, height: header.height, autosize: true };
    // Plotly builds the chart anew if any part of its config is another object.
    this.config ??= chartConfig(this.plotly, header.name);
    this.showMessage("");
    await this.plotly.react(this.host, figure.data, { ...figure.layout, ...look }, this.config);
    if (this.closed) return this.plotly.purge(this.host);
    // The description says what the drawing shows. Without this, a screen reader would read every tick as well.
    for (const drawing of this.host.querySelectorAll(".main-svg")) drawing.setAttribute("aria-hidden", "true");
    this.drawn = wanted;
    this.cursor = header.cursor;
    this.scale = header.scale;
    this.followCursor();
    this.followLegend(header.legend);
  }

  // A redraw while the user draws a zoom box would move the axes under it.
  async untilNotDragged() {
    while (this.host._dragging && !this.closed) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  // Set up once for each chart: the line follows zooming and resizing, and a click moves the cursor.
  followCursor() {
    if (this.cursor && !this.line) {
      this.line = make("div", "wgan-chart-cursor");
      this.host.append(this.line);
      this.host.on("plotly_afterplot", () => this.showCursor());
      this.host.on("plotly_click", ({ points }) => this.cursor && seekCursor(this.cursor, this.scaled(points[0].x, false)));
    }
    this.showCursor();
  }

  // The line is on top of the chart, not part of the figure: it moves thirty times a second, and Plotly would lay out the figure each time.
  showCursor() {
    if (!this.line || this.closed) return;
    const { xaxis, _size: inner = { l: 0, t: 0, w: 0, h: 0 } } = this.host._fullLayout ?? {};
    const x = this.cursor ? cursorAt(this.cursor) : undefined;
    const along = xaxis && x !== undefined ? xaxis.l2p(this.scaled(x, true)) : NaN;
    this.line.hidden = !(along >= 0 && along <= inner.w);
    if (this.line.hidden) return;
    this.line.style.transform = `translateX(${inner.l + along}px)`;
    this.line.style.top = `${inner.t}px`;
    this.line.style.height = `${inner.h}px`;
  }

  /**
   * A place of the cursor on the x axis, or the other way round.
   * @param {number} x
   * @param {boolean} toAxis
   */
  scaled(x, toAxis) {
    if (!this.scale) return x;
    const [cursor, axis] = this.scale;
    return toAxis ? across(cursor, axis, x) : across(axis, cursor, x);
  }

  /** @param {string | null} legend */
  followLegend(legend) {
    if (legend && !this.legend) this.host.on("plotly_afterplot", () => this.showHighlight());
    this.legend = legend;
    this.showHighlight();
  }

  // By a class, because Plotly sets the opacity of traces itself.
  showHighlight() {
    if (!this.legend || this.closed) return;
    const wanted = highlighted(this.legend);
    for (const drawn of this.host.querySelectorAll("g.trace")) {
      const group = /** @type {PlotlyTrace} */ (drawn).__data__?.[0]?.trace?.legendgroup;
      drawn.classList.toggle("wgan-chart-dim", Boolean(wanted && group && group !== wanted));
    }
  }

  resize() {
    // A chart in a hidden part of the page has no width. This is called again when it becomes visible.
    if (this.drawn && !this.closed && this.host.clientWidth) this.plotly?.Plots.resize(this.host);
  }

  /** @param {string} text */
  showMessage(text) {
    this.host.hidden = Boolean(text);
    this.message.hidden = !text;
    this.message.textContent = text;
  }

  close() {
    this.closed = true;
    this.observer.disconnect();
    this.listeners.abort();
    this.plotly?.purge(this.host);
  }
}
