// A small black picture to draw on in white, as many pixels as the run's images have.

export default function ({ data, parentElement, setTriggerValue }) {
  const [sketch, leave] = kept(parentElement.querySelector(".sketch"), (root) => new Sketch(root, data.size));
  sketch.send = (picture) => setTriggerValue("picture", picture);
  return leave;
}

class Sketch {
  constructor(root, size) {
    this.canvas = root.querySelector("canvas");
    this.canvas.width = this.canvas.height = size;
    this.context = this.canvas.getContext("2d");
    this.pen = root.querySelector(".pen");
    this.listeners = new AbortController();
    const listen = (where, event, handler) => where.addEventListener(event, handler, { signal: this.listeners.signal });
    listen(this.canvas, "pointerdown", (event) => this.begin(event));
    listen(this.canvas, "pointermove", (event) => this.last && this.line(event));
    for (const end of ["pointerup", "pointercancel"]) listen(this.canvas, end, () => (this.last = null));
    listen(root.querySelector(".clear"), "click", () => this.clear());
    listen(root.querySelector(".use"), "click", () => this.send(this.canvas.toDataURL("image/png")));
    this.clear();
  }

  clear() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  begin(event) {
    if (event.button) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.place(event);
    this.line(event);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map((at) => (at / box.width) * this.canvas.width);
  }

  line(event) {
    const here = this.place(event);
    Object.assign(this.context, { strokeStyle: "#fff", lineWidth: 2 * Number(this.pen.value), lineCap: "round" });
    this.context.beginPath();
    this.context.moveTo(...this.last);
    this.context.lineTo(here[0] + 0.01, here[1]);
    this.context.stroke();
    this.last = here;
  }

  close() {
    this.listeners.abort();
  }
}
