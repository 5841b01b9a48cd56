// A pad to draw points on. They are kept as whole numbers from 0 to 255 both ways, as they travel in links.

const SIDE = 256;

export default function ({ data, parentElement, setTriggerValue }) {
  const [pad, leave] = kept(parentElement.querySelector(".pad"), (root) => new Pad(root, data));
  pad.send = (text) => setTriggerValue("points", text);
  pad.show(data);
  return leave;
}

class Pad {
  constructor(root, { most, least }) {
    this.root = root;
    this.most = most;
    this.least = least;
    this.canvas = root.querySelector("canvas");
    this.canvas.width = this.canvas.height = 2 * SIDE;
    this.strokes = [];
    this.listeners = new AbortController();
    const listen = (where, event, handler) => where.addEventListener(event, handler, { signal: this.listeners.signal });
    listen(this.canvas, "pointerdown", (event) => this.begin(event));
    listen(this.canvas, "pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) listen(this.canvas, end, () => (this.last = null));
    listen(root.querySelector(".undo"), "click", () => this.change(this.strokes.slice(0, -1)));
    listen(root.querySelector(".clear"), "click", () => this.change([]));
    listen(root.querySelector(".use"), "click", () => this.send(toText(this.strokes.flat())));
  }

  show({ drawing }) {
    if (drawing !== this.drawing) {
      this.drawing = drawing;
      if (drawing && drawing !== toText(this.strokes.flat())) this.strokes = [fromText(drawing)];
    }
    this.draw();
  }

  begin(event) {
    if (event.button) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([]);
    this.last = null;
    this.move(event, true);
  }

  // A point for every few pixels of the way, thrown about as wide as the brush.
  move(event, first = false) {
    if (!first && !this.last) return;
    const box = this.canvas.getBoundingClientRect();
    const here = [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
    const way = first ? 0 : Math.hypot(here[0] - this.last[0], here[1] - this.last[1]);
    if (!first && way < 4) return;
    const brush = Number(this.root.querySelector(".brush").value);
    const count = first ? 1 : Math.round(way / 4);
    for (let index = 1; index <= count && this.count < this.most; index++) {
      const share = index / count;
      const at = [0, 1].map((axis) => (first ? here[axis] : this.last[axis] + (here[axis] - this.last[axis]) * share));
      const angle = Math.random() * 2 * Math.PI;
      const radius = Math.sqrt(Math.random()) * brush;
      const [x, y] = [at[0] + radius * Math.cos(angle), SIDE - at[1] + radius * Math.sin(angle)];
      this.strokes.at(-1).push([x, y].map((value) => Math.max(0, Math.min(255, Math.round(value)))));
    }
    this.last = here;
    this.draw();
  }

  change(strokes) {
    this.strokes = strokes;
    this.draw();
  }

  get count() {
    return this.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, 2 * SIDE, 2 * SIDE);
    context.fillStyle = "#3b82d6";
    for (const [x, y] of this.strokes.flat()) {
      context.beginPath();
      context.arc(2 * x, 2 * (SIDE - y), 4.5, 0, 2 * Math.PI);
      context.fill();
    }
    const count = this.count;
    this.root.querySelector("output").textContent = count ? `${count} points${count >= this.most ? ", which is all there may be" : ""}` : "Draw here";
    this.root.querySelector(".use").disabled = count < this.least;
    for (const name of ["undo", "clear"]) this.root.querySelector(`.${name}`).disabled = !count;
  }

  close() {
    this.listeners.abort();
  }
}

const toText = (points) => btoa(String.fromCharCode(...points.flat())).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function fromText(text) {
  const bytes = [...atob(text.replaceAll("-", "+").replaceAll("_", "/"))].map((character) => character.charCodeAt(0));
  return Array.from({ length: bytes.length / 2 }, (_, index) => [bytes[2 * index], bytes[2 * index + 1]]);
}
