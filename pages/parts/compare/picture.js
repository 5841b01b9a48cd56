// A button that draws the comparison as one PNG: the runs, what differs, the charts as they are on the page, and the pictures. All of it is
// drawn here, in the browser; nothing is sent.

import { contextOf, find, setText } from "../../components/elements.js";
import { kept } from "../../components/kept.js";
import { unpack } from "../../components/payload.js";

/** @import { Packed } from "../../components/payload.js" */
/** @import { ComponentArguments, PlotlyElement } from "../../components/types.d.ts" */

/**
 * The header of the message from picture.py. The pictures of the runs follow it.
 * @typedef {object} PictureHeader
 * @property {string} file
 * @property {{ words: string, colour: string }[]} runs
 * @property {string[]} differs
 * @property {string[]} measures
 * @property {{ key: string, title: string, note: string }[]} charts
 * @property {{ caption: string, bytes: number }[]} pictures
 */

const WIDTH = 1600;
const MARGIN = 40;
const GAP = 30;
const CHART_HEIGHT = 340;

/** @param {ComponentArguments<Packed<PictureHeader>>} component */
export default function pictureComponent({ data, parentElement }) {
  const [button, leave] = kept(find(parentElement, ".save", HTMLElement), (root) => new SaveButton(root));
  button.data = data;
  return leave;
}

class SaveButton {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.said = find(root, "output", HTMLElement);
    /** @type {Packed<PictureHeader> | null} */
    this.data = null;
    this.listeners = new AbortController();
    find(root, "button", HTMLButtonElement).addEventListener("click", () => this.save(), { signal: this.listeners.signal });
  }

  async save() {
    if (!this.data) return;
    setText(this.said, "Drawing …");
    try {
      const [header, body] = unpack(this.data);
      const blob = await toBlob(await new Sheet(this.root, header, body).draw());
      download(blob, header.file);
      setText(this.said, "");
    } catch (error) {
      setText(this.said, `The picture could not be drawn: ${error instanceof Error ? error.message : error}`);
    }
  }

  close() {
    this.listeners.abort();
  }
}

/** Draws from top to bottom; the canvas is cut to what was drawn at the end. */
class Sheet {
  /**
   * @param {HTMLElement} root
   * @param {PictureHeader} header
   * @param {Uint8Array<ArrayBuffer>} body
   */
  constructor(root, header, body) {
    const style = getComputedStyle(root);
    this.text = style.getPropertyValue("--st-text-color").trim() || "#000";
    this.background = style.getPropertyValue("--st-background-color").trim() || "#fff";
    this.header = header;
    this.body = body;
    this.canvas = document.createElement("canvas");
    this.canvas.width = WIDTH;
    this.canvas.height = this.height();
    this.context = contextOf(this.canvas);
    this.y = MARGIN;
  }

  // Enough for everything.
  height() {
    const { runs, differs, measures, charts, pictures } = this.header;
    const lines = Math.max(differs.length, 2 * measures.length);
    const sizes = [30 * runs.length, 26 * lines + 60, (CHART_HEIGHT + 200) * Math.ceil(charts.length / 2)];
    return (
      200 +
      sizes.reduce((sum, size) => sum + size, 0) +
      Math.ceil(pictures.length / 4) * (WIDTH / Math.min(4, Math.max(2, pictures.length)) + 80)
    );
  }

  async draw() {
    this.context.fillStyle = this.background;
    this.context.fillRect(0, 0, WIDTH, this.canvas.height);
    for (const { words, colour } of this.header.runs) this.line(words, { colour, size: 20, bold: true });
    this.y += GAP / 2;
    const top = this.y;
    const half = (WIDTH - 2 * MARGIN - GAP) / 2;
    for (const words of this.header.differs) this.lines(words, MARGIN, half);
    const end = this.y;
    this.y = top;
    for (const words of this.header.measures) this.lines(words, MARGIN + half + GAP, half);
    this.y = Math.max(this.y, end);
    await this.charts();
    await this.pictures();
    return this.cut();
  }

  /**
   * @param {string} words
   * @param {{ colour?: string, size?: number, bold?: boolean, x?: number, width?: number }} look
   */
  line(words, { colour = this.text, size = 16, bold = false, x = MARGIN, width = WIDTH - 2 * MARGIN }) {
    this.context.font = `${bold ? "bold " : ""}${size}px Arial, sans-serif`;
    this.context.fillStyle = colour;
    this.context.fillText(words, x, this.y + size, width);
    this.y += size + 10;
  }

  /**
   * A text in as many lines as it needs.
   * @param {string} words
   * @param {number} x
   * @param {number} width
   */
  lines(words, x, width) {
    this.context.font = "16px Arial, sans-serif";
    let line = "";
    for (const word of words.split(" ")) {
      if (line && this.context.measureText(`${line} ${word}`).width > width) {
        this.line(line, { x, width });
        line = word;
      } else {
        line = line ? `${line} ${word}` : word;
      }
    }
    this.line(line, { x, width });
  }

  async charts() {
    const width = (WIDTH - 2 * MARGIN - GAP) / 2;
    const drawn = this.header.charts.map(({ key, ...words }) => ({ ...words, chart: chartOf(key) })).filter(({ chart }) => chart);
    for (let index = 0; index < drawn.length; index += 2) {
      this.y += GAP / 2;
      const top = this.y;
      let lowest = top;
      for (const [column, { title, note, chart }] of drawn.slice(index, index + 2).entries()) {
        const x = MARGIN + column * (width + GAP);
        this.y = top;
        this.line(title, { bold: true, x, width });
        if (note) this.lines(note, x, width);
        const image = await pictureOfChart(/** @type {PlotlyElement} */ (chart), width, CHART_HEIGHT);
        this.context.drawImage(image, x, this.y, width, CHART_HEIGHT);
        lowest = Math.max(lowest, this.y + CHART_HEIGHT);
      }
      this.y = lowest;
    }
  }

  async pictures() {
    const { pictures } = this.header;
    const columns = Math.min(4, Math.max(2, pictures.length));
    const width = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns;
    let begin = 0;
    for (let index = 0; index < pictures.length; index += columns) {
      this.y += GAP / 2;
      const top = this.y;
      let lowest = top;
      for (const [column, { caption, bytes }] of pictures.slice(index, index + columns).entries()) {
        const x = MARGIN + column * (width + GAP);
        this.y = top;
        this.line(caption, { bold: true, x, width });
        const image = await createImageBitmap(new Blob([this.body.slice(begin, begin + bytes)]));
        begin += bytes;
        const height = (width * image.height) / image.width;
        this.context.imageSmoothingEnabled = false;
        this.context.drawImage(image, x, this.y, width, height);
        image.close();
        lowest = Math.max(lowest, this.y + height);
      }
      this.y = lowest;
    }
  }

  cut() {
    const whole = document.createElement("canvas");
    whole.width = WIDTH;
    whole.height = Math.ceil(this.y + MARGIN);
    contextOf(whole).drawImage(this.canvas, 0, 0);
    return whole;
  }
}

/**
 * @param {string} key of a chart on the page
 * @returns {Element | null}
 */
function chartOf(key) {
  return document.querySelector(`.st-key-${CSS.escape(key)} .wgan-chart`);
}

/**
 * @param {PlotlyElement} chart
 * @param {number} width
 * @param {number} height
 */
async function pictureOfChart(chart, width, height) {
  if (!globalThis.Plotly) throw new Error("the charts have not been loaded.");
  const { data, layout } = /** @type {{ data: object[], layout: { font?: object } }} */ (/** @type {unknown} */ (chart));
  // A picture cannot contain the page's font: texts would be measured in one font and drawn in another.
  const font = { ...layout.font, family: "Arial, sans-serif" };
  const url = await globalThis.Plotly.toImage({ data, layout: { ...layout, font } }, { format: "png", width, height, scale: 2 });
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>}
 */
function toBlob(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("it is too large for this browser."))), "image/png");
  });
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
