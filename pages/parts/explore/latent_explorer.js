// The latent under the finger: the generator runs here, so the picture follows while something is dragged. The server hears of a
// latent only when the finger lets go.

const REACH = 4; // standard deviations at a slider's ends
const BEND = 0.6; // of the scale: 0 even, towards 1 ever finer near 0
const CELL = 52; // pixels of the pad from one whole number to the next
const QUIET = 350; // ms without a move after which keys and wheels have come to rest

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const [explorer, leave] = kept(parentElement.querySelector(".explorer"), (root) => new Explorer(root));
  explorer.tell = (state) => setStateValue("state", state);
  explorer.tellChosen = (index) => setTriggerValue("chosen", index);
  explorer.tellCount = (count) => setStateValue("count", count);
  explorer.show(data);
  return leave;
}

class Explorer {
  constructor(root) {
    this.root = root;
    for (const name of ["image", "trouble", "view", "pace", "pad", "x", "y", "home", "hint", "sliders"]) this[name] = root.querySelector(`.${name}`);
    this.listeners = new AbortController();
    this.times = [];
    const listen = (element, event, handler) => element.addEventListener(event, handler, { signal: this.listeners.signal, passive: false });
    this.listen = listen;
    listen(this.view, "change", () => {
      this.times = [];
      this.count = Number(this.view.value);
      this.draw();
      this.tellCount(this.count);
    });
    listen(this.image, "click", (event) => this.choose(event));
    for (const handle of [this.pad, this.image]) {
      listen(handle, "pointerdown", (event) => this.grab(event, handle));
      listen(handle, "pointermove", (event) => this.drag(event));
      for (const end of ["pointerup", "pointercancel"]) listen(handle, end, () => this.drop());
    }
    for (const handle of [this.pad, this.image]) listen(handle, "keydown", (event) => this.onPadKey(event, handle));
    // What is typed into a field is no shortcut of the page, for which it would look like a key pressed outside of fields.
    listen(root, "keydown", (event) => event.target.matches("input") && event.stopPropagation());
    for (const axis of ["x", "y"]) listen(this[axis], "change", () => this.goTo({ [axis]: Number(this[axis].value) || 0 }, true));
    listen(this.home, "click", () => this.goTo({ x: 0, y: 0 }, true));
    this.observer = new ResizeObserver(() => this.draw());
    for (const canvas of [this.pad, this.image]) this.observer.observe(canvas);
  }

  async show(data) {
    const [header, body] = unpack(data);
    this.header = header;
    // What comes back from the server is what was sent to it; only what it changed by itself is taken over.
    if (header.version !== this.version) {
      this.version = header.version;
      const { dimensions, directions } = header.state;
      // Without a prototype, so that a direction may be called "constructor".
      this.state = { ...header.state, dimensions: bare(dimensions), directions: bare(directions) };
      this.edits = 0;
    }
    if (header.count !== this.count) {
      this.count = header.count;
      this.view.value = header.count;
    }
    const numbers = new Float32Array(body.slice().buffer);
    const row = (index) => numbers.subarray(index * header.latentDim, (index + 1) * header.latentDim);
    this.origins = header.planes.map((_, index) => row(index));
    this.vectors = header.directions.map((_, index) => row(header.planes.length + index));
    this.layOut();
    await this.prepare();
    this.draw();
  }

  // The weights come with another element, which may be there sooner or later than this one.
  async prepare() {
    const wanted = this.header.weights;
    if (this.ready === wanted) return;
    try {
      const held = await weightsOf(wanted, () => this.closed || this.header.weights !== wanted);
      if (!held) return;
      const tf = await loadTensorFlow(this.header.library);
      if (this.closed || this.header.weights !== wanted) return;
      this.generator?.dispose();
      this.generator = new Generator(tf, held.spec, held.bytes);
      this.picture = held.spec.points ? new PointPicture(this.image, held.spec) : new ImagePicture(this.image, held.spec);
      this.root.classList.toggle("points", Boolean(held.spec.points));
      this.root.classList.toggle("real", Boolean(held.spec.points?.real));
      this.view.options[0].textContent = this.picture.one;
      this.ready = wanted;
      this.say("");
    } catch (error) {
      this.say(`The generator cannot run in this browser: ${error.message} Choose “on the server” above.`);
    }
  }

  // The latent of the index-th seed before directions and truncation, which is what the sliders of dimensions set.
  before(index) {
    const { x, y, dimensions } = this.state;
    const z = planeLatent(this.origins[index], `${this.header.latentDim}`, this.header.planes[index], x, y);
    for (const [dimension, value] of Object.entries(dimensions)) if (dimension < z.length) z[dimension] = value;
    return z;
  }

  // The latent that everything set here makes of the index-th seed; the same as wgan_core/latent/place.py makes of it.
  latent(index) {
    const { directions, truncation } = this.state;
    const z = this.before(index);
    this.header.directions.forEach((direction, which) => {
      const amount = directions[direction.name];
      if (amount) for (let k = 0; k < z.length; k++) z[k] += amount * direction.sd * this.vectors[which][k];
    });
    if (truncation !== 1) for (let k = 0; k < z.length; k++) z[k] *= truncation;
    return z;
  }

  latents(count) {
    const { latentDim } = this.header;
    const z = new Float32Array(count * latentDim);
    for (let index = 0; index < count; index++) z.set(this.latent(index), index * latentDim);
    return z;
  }

  // One frame for all that happened since the last: the newest state wins.
  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      if (this.closed || !this.state) return;
      this.drawPad();
      this.showNumbers();
      if (!this.generator || this.ready !== this.header.weights) return;
      const begun = performance.now();
      const { count } = this;
      try {
        const handles = this.movesByImage ? "the plane or the image" : "the plane";
        this.hint.textContent = `Drag ${handles}: every place is another latent, and nearby places are alike.`;
        this.where = this.picture.draw(this.generator.samples(this.latents(count), count), count);
      } catch (error) {
        return this.say(`It could not be computed: ${error.message}`);
      }
      const place = `${this.header.alt} at (${this.state.x.toFixed(2)}, ${this.state.y.toFixed(2)})`;
      this.image.setAttribute("aria-label", this.where ? `${place}: ${this.where}` : place);
      this.measure(performance.now() - begun);
    });
  }

  measure(took) {
    this.skipped = (this.skipped ?? 0) + 1;
    if (this.skipped > 2) this.times = [...this.times.slice(-19), took]; // the first two prepare everything
    const middle = [...this.times].sort((a, b) => a - b)[Math.floor(this.times.length / 2)];
    this.pace.textContent = [this.where, middle && `drawn in ${middle.toFixed(1)} ms`].filter(Boolean).join(" · ");
    this.root.dataset.drawn = Number(this.root.dataset.drawn ?? 0) + 1; // for whoever measures
  }

  say(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = !text;
  }

  // A click on one of many images: from there on it is the one.
  choose(event) {
    const { count } = this;
    if (count === 1 || !this.picture) return;
    const chosen = this.picture.which(event, count);
    this.view.value = this.count = 1;
    this.times = [];
    this.draw();
    this.tellCount(1);
    if (chosen) this.tellChosen(chosen);
  }

  // Changes, and telling the server of them.

  goTo(place, rest = false) {
    Object.assign(this.state, place);
    this.draw();
    if (rest) this.rest();
  }

  rest() {
    clearTimeout(this.timer);
    // As exact as links are, so that a link gives the very same image.
    for (const axis of ["x", "y"]) this.state[axis] = Math.round(this.state[axis] * 1e4) / 1e4;
    this.draw();
    this.edits += 1;
    this.tell({ ...this.state, version: this.version, edit: this.edits });
  }

  restSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), QUIET);
  }

  // Of many images one is chosen by a click; a single one is dragged as the plane is.
  get movesByImage() {
    return this.count === 1 && Boolean(this.picture?.draggable);
  }

  grab(event, handle) {
    if (event.button || (handle === this.image && !this.movesByImage)) return;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    this.held = { x: event.clientX, y: event.clientY, at: { x: this.state.x, y: this.state.y } };
  }

  drag(event) {
    if (!this.held) return;
    const scale = CELL * (event.shiftKey ? 10 : 1); // Shift: ten times as fine
    this.goTo({ x: this.held.at.x - (event.clientX - this.held.x) / scale, y: this.held.at.y + (event.clientY - this.held.y) / scale });
  }

  drop() {
    if (this.held) this.rest();
    this.held = null;
  }

  onPadKey(event, handle) {
    if (handle === this.image && !this.movesByImage) return;
    const step = event.shiftKey ? 0.01 : 0.1;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key === "Home") this.goTo({ x: 0, y: 0 });
    else if (event.key in moves) this.goTo({ x: this.state.x + moves[event.key][0], y: this.state.y + moves[event.key][1] });
    else return;
    event.preventDefault();
    this.restSoon();
  }

  // Sliders: one for each chosen dimension, each direction, and truncation.

  layOut() {
    const wanted = [
      ...this.header.dimensions.map((dimension) => ({ kind: "dimensions", key: String(dimension), label: `z${dimension + 1}`, unit: "σ" })),
      ...this.header.directions.map(({ name, words, unit }) => ({ kind: "directions", key: name, label: name, words, unit })),
      { kind: "truncation", key: "", label: "truncation ψ", words: "Pulls the latent towards 0: more typical, less diverse", unit: "" },
    ];
    const key = JSON.stringify(wanted);
    if (key === this.laidOut) return;
    this.laidOut = key;
    this.rows = wanted.map((what) => new Slider(what, this));
    this.sliders.replaceChildren(...this.rows.map((row) => row.element));
  }

  showNumbers() {
    for (const axis of ["x", "y"]) if (this.root.getRootNode().activeElement !== this[axis]) this[axis].value = this.state[axis].toFixed(2);
    const z = this.before(0);
    for (const row of this.rows) row.show(z);
  }

  drawPad() {
    if (!this.state) return;
    const ratio = Math.min(devicePixelRatio, 2);
    const side = Math.round(this.pad.clientWidth * ratio);
    if (!side) return;
    if (this.pad.width !== side) this.pad.width = this.pad.height = side;
    const context = this.pad.getContext("2d");
    const style = getComputedStyle(this.root);
    const cell = CELL * ratio;
    const { x, y } = this.state;
    context.clearRect(0, 0, side, side);
    context.strokeStyle = style.getPropertyValue("--st-border-color");
    context.fillStyle = style.getPropertyValue("--st-text-color");
    context.font = `${10 * ratio}px sans-serif`;
    context.lineWidth = ratio;
    const reach = Math.ceil(side / 2 / cell) + 1;
    for (let step = -reach; step <= reach; step++) {
      const [column, row] = [Math.floor(x) + step, Math.floor(y) + step];
      const [across, down] = [side / 2 + (column - x) * cell, side / 2 - (row - y) * cell];
      context.beginPath();
      context.moveTo(across, 0);
      context.lineTo(across, side);
      context.moveTo(0, down);
      context.lineTo(side, down);
      context.globalAlpha = 0.7;
      context.stroke();
      context.globalAlpha = 0.6;
      context.fillText(column, across + 3 * ratio, side - 4 * ratio);
      context.fillText(row, 3 * ratio, down - 3 * ratio);
    }
    context.globalAlpha = 1;
    context.fillStyle = style.getPropertyValue("--st-primary-color");
    context.beginPath();
    context.arc(side / 2, side / 2, 5 * ratio, 0, 2 * Math.PI);
    context.fill();
  }

  close() {
    this.closed = true;
    this.listeners.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.generator?.dispose();
  }
}

const bare = (object) => Object.assign(Object.create(null), object);

// A slider that is fine near 0: place p in [-1, 1] means REACH · p · (1 − BEND + BEND · p²) standard deviations.
class Slider {
  constructor(what, explorer) {
    this.what = what;
    this.explorer = explorer;
    this.element = document.createElement("div");
    this.element.className = "slider";
    this.element.innerHTML = `<label></label><input type="number" step="0.01" /><button type="button" title="Back">↺</button>
      <div class="track" role="slider" tabindex="0"><div class="rail"></div><div class="thumb"></div></div>`;
    const id = `slider-${what.kind}-${what.key}`;
    this.element.querySelector("label").textContent = what.label;
    this.element.querySelector("label").title = what.words ?? "";
    this.number = this.element.querySelector("input");
    this.number.id = id;
    this.element.querySelector("label").htmlFor = id;
    this.track = this.element.querySelector(".track");
    this.track.setAttribute("aria-label", what.label);
    const [low, high] = this.range;
    this.track.setAttribute("aria-valuemin", low);
    this.track.setAttribute("aria-valuemax", high);
    for (const value of this.ticks) this.addTick(value);
    const { listen } = explorer;
    listen(this.number, "change", () => {
      this.set(Number(this.number.value) || 0, true);
      this.number.value = this.value(explorer.before(0)).toFixed(2); // what was taken of it
    });
    listen(this.element.querySelector("button"), "click", () => this.reset());
    listen(this.track, "pointerdown", (event) => this.grab(event));
    listen(this.track, "pointermove", (event) => this.held && this.set(this.valueAt(event)));
    for (const end of ["pointerup", "pointercancel"]) listen(this.track, end, () => this.drop());
    listen(this.track, "keydown", (event) => this.onKey(event));
  }

  get range() {
    return this.what.kind === "truncation" ? [0, 1] : [-REACH, REACH];
  }

  get ticks() {
    return this.what.kind === "truncation" ? [0, 0.5, 1] : [-3, -2, -1, 0, 1, 2, 3];
  }

  addTick(value) {
    const tick = document.createElement("div");
    tick.className = "tick";
    tick.style.left = `${100 * this.place(value)}%`;
    tick.innerHTML = "<span></span>";
    tick.firstChild.textContent = `${value}${this.what.unit}`;
    this.track.append(tick);
  }

  // Where on the track a value stands, from 0 to 1, and the other way round.
  place(value) {
    if (this.what.kind === "truncation") return value;
    const share = Math.abs(value) / REACH;
    let low = 0;
    let high = 1;
    for (let round = 0; round < 30; round++) {
      const middle = (low + high) / 2;
      if (middle * (1 - BEND + BEND * middle * middle) < share) low = middle;
      else high = middle;
    }
    return 0.5 + (Math.sign(value) * low) / 2;
  }

  valueAt(event) {
    const box = this.track.getBoundingClientRect();
    const place = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    if (this.what.kind === "truncation") return place;
    const p = 2 * place - 1;
    return REACH * p * (1 - BEND + BEND * p * p);
  }

  value(z) {
    const { state } = this.explorer;
    if (this.what.kind === "truncation") return state.truncation;
    if (this.what.kind === "directions") return state.directions[this.what.key] ?? 0;
    return z[this.what.key];
  }

  get moved() {
    const { state } = this.explorer;
    if (this.what.kind === "truncation") return state.truncation !== 1;
    return this.what.key in state[this.what.kind];
  }

  set(value, rest = false) {
    const [low, high] = this.range;
    const bounded = Math.max(low, Math.min(high, Math.round(value * 1000) / 1000));
    const { explorer } = this;
    if (this.what.kind === "truncation") explorer.state.truncation = bounded;
    else explorer.state[this.what.kind][this.what.key] = bounded;
    explorer.draw();
    if (rest) explorer.rest();
  }

  reset() {
    const { explorer } = this;
    if (this.what.kind === "truncation") explorer.state.truncation = 1;
    else delete explorer.state[this.what.kind][this.what.key];
    explorer.draw();
    explorer.rest();
  }

  grab(event) {
    if (event.button) return;
    this.track.setPointerCapture(event.pointerId);
    this.held = true;
    this.set(this.valueAt(event));
  }

  drop() {
    if (this.held) this.explorer.rest();
    this.held = false;
  }

  onKey(event) {
    const step = event.shiftKey ? 0.01 : 0.1;
    const now = Number(this.track.getAttribute("aria-valuenow"));
    const moves = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step };
    if (event.key in moves) this.set(now + moves[event.key]);
    else if (event.key === "Delete") this.reset();
    else return;
    event.preventDefault();
    this.explorer.restSoon();
  }

  show(z) {
    const value = this.value(z);
    this.element.classList.toggle("moved", this.moved);
    this.element.querySelector(".thumb").style.left = `${100 * this.place(Math.max(this.range[0], Math.min(this.range[1], value)))}%`;
    if (this.element.getRootNode().activeElement !== this.number) this.number.value = value.toFixed(2);
    this.track.setAttribute("aria-valuenow", value.toFixed(3));
    this.track.setAttribute("aria-valuetext", `${value.toFixed(2)} ${this.what.unit}`);
  }
}
