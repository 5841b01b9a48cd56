// The laboratory's picture: critic landscapes with points on them. It asks for the next look as soon as it has drawn one, so
// training goes on just as fast as somebody watches, and stops when nobody does.

const GLIDE = 250; // ms that points take to their new places at most
const PATIENCE = 2000; // ms after which a look that never came is asked for again
const WARP = 1800; // ms
const BETWEEN = 25; // ms between two frames on the way
const LINE_STEPS = 4; // of a contour line's strength, for its soft edges

export default function ({ data, parentElement, setTriggerValue }) {
  const [stage, leave] = kept(parentElement.querySelector(".lab"), (root) => new Stage(root));
  stage.ask = (number) => setTriggerValue("look", number);
  stage.show(data);
  return leave;
}

class Stage {
  constructor(root) {
    this.root = root;
    this.panels = [];
    this.asked = 0;
    this.looks = 0;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    root.querySelector("button.generator").addEventListener("click", () => this.warp(), { signal });
    document.addEventListener("visibilitychange", () => this.askSoon(), { signal });
    this.watch = setInterval(() => this.askAgain(), 500);
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(root);
  }

  show(data) {
    const [header, body] = unpack(data);
    const news = header.stamp !== this.stamp;
    this.stamp = header.stamp;
    this.header = header;
    this.waiting = false;
    this.askSoon(); // before drawing: the server is to be at work meanwhile
    if (news) {
      const now = performance.now();
      this.glide = Math.min(GLIDE, now - (this.shownAt ?? 0));
      this.shownAt = now;
      this.looks += 1;
      this.root.dataset.looks = this.looks; // for whoever measures
      this.layOut(header);
      this.take(header, body);
      this.tell(header);
    }
    this.animate();
  }

  // Asking for the next look.

  askSoon() {
    // Nothing is trained for a page that is hidden; when it shows again, it asks again.
    if (!this.header?.playing || this.waiting || this.closed || document.hidden) return;
    this.waiting = true;
    clearTimeout(this.timer);
    if (this.header.rest) this.timer = setTimeout(() => this.askNow(), this.header.rest);
    else this.askNow();
  }

  askNow() {
    if (this.closed) return;
    this.askedAt = performance.now();
    this.asked += 1;
    this.ask(this.asked);
  }

  // An answer may get lost, for example when the whole page was drawn anew in between.
  askAgain() {
    const since = performance.now() - Math.max(this.askedAt ?? 0, this.shownAt ?? 0);
    if (this.header?.playing && !document.hidden && since > PATIENCE + this.header.rest) this.askNow();
  }

  // Contents.

  layOut(header) {
    const host = this.root.querySelector(".panels");
    while (this.panels.length > header.panels.length) this.panels.pop().element.remove();
    while (this.panels.length < header.panels.length) {
      const panel = new Panel((text) => this.read(text), this.listeners.signal);
      this.panels.push(panel);
      host.append(panel.element);
    }
  }

  take(header, body) {
    let at = 0;
    const floats = (count) => {
      const part = new Float32Array(body.slice(at, at + 4 * count).buffer);
      at += 4 * count;
      return part;
    };
    const real = floats(2 * header.points);
    header.panels.forEach((panel, index) => {
      this.panels[index].take(header, panel, {
        real,
        landscape: floats(header.grid * header.grid),
        generated: floats(2 * header.points),
        uphill: floats(2 * header.points),
        mesh: floats(2 * header.meshRows * header.meshColumns),
      });
    });
  }

  tell(header) {
    const parts = this.root.querySelector(".parts");
    parts.classList.toggle("staged", Boolean(header.concerned.length));
    for (const part of parts.querySelectorAll(".part")) part.classList.toggle("concerned", header.concerned.includes(part.dataset.part));
    setText(this.root.querySelector(".caption strong"), header.heading);
    setText(this.root.querySelector(".caption span"), header.caption);
    const beats = this.root.querySelector(".beats");
    if (beats.childElementCount !== header.beats.length) beats.replaceChildren(...header.beats.map(() => document.createElement("i")));
    header.beats.forEach(([text, state], index) => {
      setText(beats.children[index], text);
      beats.children[index].className = state;
    });
  }

  read(text) {
    this.root.querySelector(".readout").textContent = text || "\u00a0";
  }

  // Drawing.

  warp() {
    this.warpedAt = performance.now();
    this.animate();
  }

  redraw() {
    for (const panel of this.panels) panel.stale = true;
    this.animate();
  }

  animate() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.later);
    this.frame = requestAnimationFrame((now) => {
      if (this.closed || !this.header) return;
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const share = still ? 1 : Math.min(1, (now - this.shownAt) / (this.glide || 1));
      const warp = Math.min(1, Math.max(0, (now - (this.warpedAt ?? -WARP)) / WARP));
      const colours = readColours(this.root);
      for (const panel of this.panels) panel.draw(this.header, share, ease(warp), colours);
      // A processor that draws all this by itself has better things to do than 60 frames a second.
      if (share < 1 || warp < 1) this.later = setTimeout(() => this.animate(), BETWEEN);
    });
  }

  close() {
    this.closed = true;
    this.listeners.abort();
    this.observer.disconnect();
    clearInterval(this.watch);
    clearTimeout(this.timer);
    clearTimeout(this.later);
    cancelAnimationFrame(this.frame);
  }
}

// One WGAN.
class Panel {
  constructor(read, signal) {
    this.element = document.createElement("div");
    this.element.className = "panel";
    this.element.innerHTML = `<h4></h4><div class="view"><canvas class="field" role="img" tabindex="0"></canvas>
      <div class="scale"><span class="top"></span><canvas width="1" height="64"></canvas><span class="bottom"></span></div><div class="layers"></div></div><p></p>`;
    this.field = this.element.querySelector(".field");
    this.map = document.createElement("canvas");
    this.field.addEventListener("pointermove", (event) => read(this.under(event)), { signal });
    this.field.addEventListener("pointerleave", () => read(""), { signal });
  }

  take(header, panel, arrays) {
    this.header = header;
    this.panel = panel;
    // What is on the way to its last place starts from where it is.
    const sameShape = this.to && this.to.mesh.length === arrays.mesh.length && this.seed === header.seed;
    this.from = sameShape ? { generated: this.at.generated, uphill: this.at.uphill, mesh: this.at.mesh } : arrays;
    this.seed = header.seed;
    this.to = arrays;
    this.stale = true;
    setText(this.element.querySelector("h4"), panel.title);
    setText(this.element.querySelector("p"), panel.numbers);
    setText(this.element.querySelector(".top"), panel.top);
    setText(this.element.querySelector(".bottom"), panel.bottom);
    this.field.setAttribute("aria-label", panel.alt);
    this.layers(header, panel);
  }

  draw(header, share, warp, colours) {
    const size = Math.round(this.field.clientWidth * Math.min(devicePixelRatio, 2));
    if (!size) return;
    if (this.field.width !== size) this.field.width = this.field.height = size;
    const look = colours.key + size + header.layers.join();
    if (this.stale || look !== this.look) {
      this.paintMap(header, size, colours);
      this.paintWeights(colours);
      this.look = look;
      this.stale = false;
    }
    this.at = {
      generated: mix(this.from.generated, this.to.generated, share),
      uphill: mix(this.from.uphill, this.to.uphill, share),
      mesh: mix(this.from.mesh, this.to.mesh, share),
    };
    const context = this.field.getContext("2d");
    context.drawImage(this.map, 0, 0);
    const place = (x, y) => [((x / header.limit + 1) / 2) * size, ((1 - y / header.limit) / 2) * size];
    const on = new Set(header.layers);
    if (on.has("mesh")) drawMesh(context, header, this.at.mesh, warp, place, colours);
    const radius = Math.max(2, size / 190);
    if (on.has("real")) drawDots(context, this.to.real, radius, colours.real, colours.background, place);
    if (on.has("arrows")) drawArrows(context, this.at, this.panel.longest, size, colours, place);
    if (on.has("generated")) drawDots(context, this.at.generated, radius, colours.generated, colours.background, place);
  }

  // Scores as colours with lines of equal score, interpolated between the places of the grid.
  paintMap(header, size, colours) {
    this.map.width = this.map.height = size;
    const context = this.map.getContext("2d");
    const landscape = header.layers.includes("landscape");
    const contours = header.layers.includes("contours");
    if (!landscape && !contours) {
      context.fillStyle = colours.background;
      context.fillRect(0, 0, size, size);
      return;
    }
    const { middle, extent } = this.panel;
    const image = context.createImageData(size, size);
    const pixels = new Uint32Array(image.data.buffer);
    const ramp = landscape ? colours.ramp : colours.plain;
    const lines = contours ? (landscape ? colours.lines : colours.plainLines) : null;
    const values = this.to.landscape;
    const cells = header.grid - 1;
    const scale = cells / (size - 1);
    const bands = 6 / extent; // lines a unit of score: as many from the middle to either end
    let above = new Float32Array(size);
    let row = new Float32Array(size);
    for (let y = -1; y < size; y++) {
      [above, row] = [row, above];
      const v = Math.min(cells, Math.max(0, cells - (y < 0 ? 0 : y) * scale)); // the first row of the grid is the lowest
      const low = Math.min(cells - 1, Math.floor(v));
      const up = v - low;
      for (let x = 0; x < size; x++) {
        const u = x * scale;
        const left = Math.min(cells - 1, Math.floor(u));
        const right = u - left;
        const at = low * header.grid + left;
        const below = values[at] + (values[at + 1] - values[at]) * right;
        const over = values[at + header.grid] + (values[at + header.grid + 1] - values[at + header.grid]) * right;
        row[x] = (below + (over - below) * up - middle) * bands;
      }
      if (y < 0) continue;
      for (let x = 0; x < size; x++) {
        const value = row[x];
        const colour = Math.max(0, Math.min(255, Math.round(127.5 + (value / 6) * 127.5)));
        let line = 0;
        if (lines) {
          // How many pixels to the nearest line: its edge is as soft as one pixel.
          const slope = Math.abs(value - row[x ? x - 1 : 1]) + Math.abs(value - above[x]);
          // Where it is flat, all of it or nothing would be a line.
          line = slope > 1e-5 ? Math.max(0, 1 - Math.abs(value - Math.round(value)) / slope) : 0;
        }
        pixels[y * size + x] = line > 0.1 ? lines[(Math.ceil(line * LINE_STEPS) - 1) * 256 + colour] : ramp[colour];
      }
    }
    context.putImageData(image, 0, 0);
    const bar = this.element.querySelector(".scale canvas").getContext("2d");
    const strip = bar.createImageData(1, 64);
    new Uint32Array(strip.data.buffer).set(Array.from({ length: 64 }, (_, index) => colours.ramp[255 - index * 4]));
    bar.putImageData(strip, 0, 0);
  }

  layers(header, panel) {
    const host = this.element.querySelector(".layers");
    host.classList.toggle("concerned", header.concerned.includes("weights"));
    while (host.childElementCount > panel.weights.length) host.lastChild.remove();
    while (host.childElementCount < panel.weights.length) {
      const layer = document.createElement("div");
      layer.className = "layer";
      layer.innerHTML = `<canvas role="img"></canvas><div></div>`;
      host.append(layer);
    }
    panel.weights.forEach((weights, index) => {
      setText(host.children[index].querySelector("div"), weights.words);
      host.children[index].querySelector("canvas").setAttribute("aria-label", weights.words);
    });
  }

  // Histograms of the critic's weights with ±c; what lies beyond is drawn in the colour of a warning.
  paintWeights(colours) {
    this.panel.weights.forEach((weights, index) => {
      const canvas = this.element.querySelectorAll(".layer canvas")[index];
      const ratio = Math.min(devicePixelRatio, 2);
      const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(48 * ratio)];
      if (!width) return;
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext("2d");
      const bar = width / weights.counts.length;
      const most = Math.max(...weights.counts, 1);
      weights.counts.forEach((count, bin) => {
        const middle = ((bin + 0.5) / weights.counts.length) * 2 - 1;
        context.fillStyle = weights.c !== null && Math.abs(middle) > weights.c ? colours.generated : colours.bars;
        const tall = Math.sqrt(count / most) * (height - 2); // roots, so that few weights are seen beside many
        context.fillRect(bin * bar, height - tall, Math.max(1, bar - ratio * 0.5), tall);
      });
      if (weights.c === null) return;
      context.fillStyle = colours.text;
      for (const side of [-1, 1]) context.fillRect(((side * weights.c + 1) / 2) * (width - ratio), 0, ratio, height);
    });
  }

  under(event) {
    if (!this.to) return "";
    const { limit, grid } = this.header;
    const box = this.field.getBoundingClientRect();
    const [u, v] = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    const [x, y] = [Math.min(grid - 1.001, Math.max(0, u * (grid - 1))), Math.min(grid - 1.001, Math.max(0, v * (grid - 1)))];
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const at = (dx, dy) => this.to.landscape[(row + dy) * grid + column + dx];
    const [right, up] = [x - column, y - row];
    const score = (at(0, 0) * (1 - right) + at(1, 0) * right) * (1 - up) + (at(0, 1) * (1 - right) + at(1, 1) * right) * up;
    const cell = (2 * limit) / (grid - 1);
    const slope = Math.hypot((at(1, 0) - at(0, 0)) * (1 - up) + (at(1, 1) - at(0, 1)) * up, (at(0, 1) - at(0, 0)) * (1 - right) + (at(1, 1) - at(1, 0)) * right) / cell;
    const place = `(${((u * 2 - 1) * limit).toFixed(2)}, ${((v * 2 - 1) * limit).toFixed(2)})`;
    return `At ${place} the score is ${score.toPrecision(4)}, and the slope ${slope.toPrecision(3)}.`;
  }
}

// Drawn once and stamped: many times quicker than as many arcs.
function drawDots(context, points, radius, colour, edge, place) {
  const dot = stamp(radius, colour, edge);
  const half = dot.width / 2;
  for (let index = 0; index < points.length; index += 2) {
    const [x, y] = place(points[index], points[index + 1]);
    context.drawImage(dot, x - half, y - half);
  }
}

const stamps = new Map();
function stamp(radius, colour, edge) {
  const key = `${radius} ${colour} ${edge}`;
  if (!stamps.has(key)) {
    if (stamps.size > 20) stamps.clear();
    const dot = document.createElement("canvas");
    dot.width = dot.height = 2 * Math.ceil(1.4 * radius + 1);
    const context = dot.getContext("2d");
    context.arc(dot.width / 2, dot.height / 2, radius, 0, 2 * Math.PI);
    context.lineWidth = Math.max(1, radius * 0.7);
    context.strokeStyle = edge;
    context.stroke();
    context.fillStyle = colour;
    context.fill();
    stamps.set(key, dot);
  }
  return stamps.get(key);
}

// As long as the critic is steep there; the steepest place found gets the longest.
function drawArrows(context, { generated, uphill }, longest, size, colours, place) {
  const unit = longest > 0 ? size / 16 / longest : 0;
  const head = size / 130;
  context.beginPath();
  for (let index = 0; index < generated.length; index += 2) {
    const [x, y] = place(generated[index], generated[index + 1]);
    const [dx, dy] = [uphill[index] * unit, -uphill[index + 1] * unit];
    const length = Math.hypot(dx, dy);
    if (length < 1) continue;
    const [tipX, tipY] = [x + dx, y + dy];
    const [ux, uy] = [(dx / length) * Math.min(head, length / 2), (dy / length) * Math.min(head, length / 2)];
    context.moveTo(x, y);
    context.lineTo(tipX, tipY);
    context.moveTo(tipX - ux - uy * 0.6, tipY - uy + ux * 0.6);
    context.lineTo(tipX, tipY);
    context.lineTo(tipX - ux + uy * 0.6, tipY - uy - ux * 0.6);
  }
  context.lineWidth = Math.max(1, size / 480);
  context.strokeStyle = colours.text;
  context.stroke();
}

// Cells hold equal shares of the noise: the smaller a cell, the denser the points in it, the stronger its colour.
function drawMesh(context, header, mesh, warp, place, colours) {
  const { meshRows: rows, meshColumns: columns, noise, limit } = header;
  const at = (row, column) => {
    const index = 2 * (row * columns + column);
    const squeeze = (0.75 * limit) / noise[noise.length - 1];
    const [zx, zy] = [noise[row] * squeeze, columns > 1 ? noise[column] * squeeze : 0];
    return place(zx + (mesh[index] - zx) * warp, zy + (mesh[index + 1] - zy) * warp);
  };
  context.save();
  if (columns > 1) {
    const typical = (context.canvas.width / rows) ** 2 / 6;
    const shades = Array.from({ length: 5 }, () => new Path2D()); // few fills instead of one a cell
    for (let row = 0; row + 1 < rows; row++) {
      for (let column = 0; column + 1 < columns; column++) {
        const corners = [at(row, column), at(row + 1, column), at(row + 1, column + 1), at(row, column + 1)];
        const doubled = corners.reduce((sum, [x, y], index) => {
          const [nextX, nextY] = corners[(index + 1) % 4];
          return sum + x * nextY - nextX * y;
        }, 0);
        const density = Math.min(1, typical / (Math.abs(doubled) / 2 + 1));
        const path = shades[Math.min(4, Math.floor(density * 5))];
        // All the same way round, or those that are folded over others would cut holes into them.
        (doubled < 0 ? corners.reverse() : corners).forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
      }
    }
    context.fillStyle = colours.generated;
    shades.forEach((path, index) => {
      context.globalAlpha = 0.5 * ((index + 0.5) / 5);
      context.fill(path);
    });
  }
  context.globalAlpha = 0.75;
  context.strokeStyle = colours.mesh;
  context.lineWidth = Math.max(1, context.canvas.width / (columns > 1 ? 700 : 250));
  context.beginPath();
  const line = (points) => points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  for (let column = 0; column < columns; column++) line(Array.from({ length: rows }, (_, row) => at(row, column)));
  if (columns > 1) for (let row = 0; row < rows; row++) line(Array.from({ length: columns }, (_, column) => at(row, column)));
  context.stroke();
  context.restore();
}

const mix = (from, to, share) => (share >= 1 ? to : to.map((value, index) => from[index] + (value - from[index]) * share));
const ease = (share) => share * share * (3 - 2 * share);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Colours of the page's theme: the landscape runs from orange over the page's background to blue.
let known = { key: "" };
function readColours(element) {
  const style = getComputedStyle(element);
  const names = ["--st-text-color", "--st-background-color", "--real", "--generated"];
  const key = names.map((name) => style.getPropertyValue(name)).join();
  if (key === known.key) return known;
  const [text, background, real, generated] = names.map((name) => rgb(style.getPropertyValue(name)));
  const ramp = new Uint32Array(256);
  const lines = new Uint32Array(256 * LINE_STEPS);
  const plainLines = new Uint32Array(256 * LINE_STEPS);
  for (let index = 0; index < 256; index++) {
    const share = Math.abs(index - 127.5) / 127.5;
    const colour = blend(background, index < 127.5 ? generated : real, 0.75 * share);
    ramp[index] = pack32(colour);
    for (let step = 0; step < LINE_STEPS; step++) {
      const ink = (step + 1) / LINE_STEPS;
      lines[step * 256 + index] = pack32(blend(colour, text, 0.35 * ink));
      plainLines[step * 256 + index] = pack32(blend(background, text, 0.5 * ink));
    }
  }
  const css = (colour) => `rgb(${colour.map(Math.round).join()})`;
  known = {
    key,
    ramp,
    lines,
    plainLines,
    plain: new Uint32Array(256).fill(pack32(background)),
    text: css(text),
    background: css(background),
    // Darker (or, on a dark page, lighter) than the landscape they lie on.
    real: css(blend(real, text, 0.3)),
    generated: css(blend(generated, text, 0.15)),
    mesh: css(blend(generated, text, 0.45)),
    bars: css(blend(background, text, 0.5)),
  };
  return known;
}

function rgb(text) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = text.trim();
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

const blend = (from, to, share) => from.map((value, index) => value + (to[index] - value) * share);
const pack32 = ([red, green, blue]) => (255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red);
