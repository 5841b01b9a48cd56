// A film packed as one picture, drawn frame by frame on a canvas. Playing and scrubbing never ask the server.

const PLAY = "M8 5v14l11-7z";
const PAUSE = "M6 5h4v14H6zM14 5h4v14h-4z";

export default function ({ data, parentElement }) {
  const [film, leave] = kept(parentElement.querySelector(".film"), (root) => new Film(root));
  film.show(data);
  return leave;
}

class Film {
  constructor(root) {
    this.root = root;
    for (const name of ["play", "icon", "scrubber", "label", "repeat", "speed"]) this[name] = root.querySelector(`.${name}`);
    this.canvas = root.querySelector("canvas");
    this.frame = 0;
    this.direction = 1;
    this.started = false;
    this.listeners = new AbortController();
    const listen = (element, event, handler) => element.addEventListener(event, handler, { signal: this.listeners.signal });
    listen(this.play, "click", () => this.setPlaying(!this.playing));
    listen(this.canvas, "click", () => this.setPlaying(!this.playing));
    listen(this.scrubber, "input", () => this.seek(Number(this.scrubber.value)));
    listen(root, "keydown", (event) => this.onKey(event));
    listen(globalThis, "wgan-seek", ({ detail }) => detail.cursor === this.header?.cursor && this.seek(Math.round(detail.x)));
    this.setPlaying(false);
  }

  async show(data) {
    const [header, body] = unpack(data);
    if (header.stamp === this.stamp) return;
    this.stamp = header.stamp;
    let sheet;
    try {
      sheet = await createImageBitmap(new Blob([body]));
    } catch {
      if (this.stamp === header.stamp) this.label.textContent = "This film cannot be shown: its data is not an image.";
      return;
    }
    if (this.closed || this.stamp !== header.stamp) return sheet.close();
    this.sheet?.close();
    this.sheet = sheet;
    this.layOut(header);
    this.drawFrame(Math.min(this.frame, header.count - 1));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || header.count < 2;
    if (!this.started && !still) this.setPlaying(true);
    this.started = true;
  }

  layOut(header) {
    this.header = header;
    this.canvas.width = header.frameWidth;
    this.canvas.height = header.frameHeight;
    this.canvas.style.width = `${header.width}px`;
    this.canvas.style.imageRendering = header.width > header.frameWidth ? "pixelated" : "auto";
    this.canvas.setAttribute("aria-label", header.alt);
    this.root.setAttribute("aria-label", header.alt);
    this.root.style.width = `${header.width}px`;
    this.scrubber.max = header.count - 1;
  }

  drawFrame(index) {
    const { count, columns, frameWidth: width, frameHeight: height, labels, cursor } = this.header;
    const [x, y] = [(index % columns) * width, Math.floor(index / columns) * height];
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.drawImage(this.sheet, x, y, width, height, 0, 0, width, height);
    this.frame = index;
    this.scrubber.value = index;
    this.label.textContent = labels?.[index] ?? `frame ${index} of 0 to ${count - 1}`;
    this.scrubber.style.setProperty("--done", `${(100 * index) / Math.max(1, count - 1)}%`);
    this.scrubber.setAttribute("aria-valuetext", this.label.textContent);
    if (cursor) moveCursor(cursor, index);
  }

  seek(index) {
    this.setPlaying(false);
    if (this.sheet) this.drawFrame(Math.max(0, Math.min(index, this.header.count - 1)));
  }

  setPlaying(playing) {
    this.playing = playing &&= Boolean(this.sheet);
    this.icon.setAttribute("d", playing ? PAUSE : PLAY);
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    if (!playing) return;
    // At its end a film that plays once begins anew.
    if (this.repeat.value === "once" && this.frame === this.header.count - 1) this.drawFrame(0);
    this.shownAt = performance.now();
    cancelAnimationFrame(this.request);
    this.request = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    if (!this.playing || this.closed) return;
    const period = 1000 / (this.header.fps * Number(this.speed.value));
    if (now - this.shownAt >= period) {
      // Keep the beat; after a pause of the tab, start a new one.
      this.shownAt = now - this.shownAt < 2 * period ? this.shownAt + period : now;
      this.advance();
    }
    this.request = requestAnimationFrame((later) => this.tick(later));
  }

  advance() {
    const last = this.header.count - 1;
    if (this.repeat.value !== "bounce") this.direction = 1;
    else if (this.frame === last) this.direction = -1;
    else if (this.frame === 0) this.direction = 1;
    if (this.repeat.value === "once" && this.frame === last) return this.setPlaying(false);
    this.drawFrame(last ? (this.frame + this.direction + last + 1) % (last + 1) : 0);
  }

  onKey(event) {
    // Lists and the button keep the keys they know themselves.
    if (event.target.tagName === "SELECT" || (event.key === " " && event.target === this.play)) return;
    const moves = { ArrowLeft: this.frame - 1, ArrowRight: this.frame + 1, Home: 0, End: Infinity };
    if (event.key === " ") this.setPlaying(!this.playing);
    else if (event.key in moves) this.seek(moves[event.key]);
    else return;
    event.preventDefault();
  }

  close() {
    this.closed = true;
    this.listeners.abort();
    cancelAnimationFrame(this.request);
    this.sheet?.close();
  }
}
