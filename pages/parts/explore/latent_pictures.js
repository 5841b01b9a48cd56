// What the generator makes, on the explorer's canvas: images next to each other, or points among others.

class ImagePicture {
  constructor(canvas, { shape }) {
    this.canvas = canvas;
    this.shape = shape;
    this.one = "one image";
    this.draggable = true;
  }

  // Pixel for pixel; the style sheet enlarges it.
  draw(numbers, count) {
    const { canvas } = this;
    const [channels, height, width] = this.shape;
    const columns = Math.ceil(Math.sqrt(count));
    const gap = count > 1 ? 1 : 0;
    const [across, down] = [columns * (width + gap) - gap, Math.ceil(count / columns) * (height + gap) - gap];
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    const context = canvas.getContext("2d");
    const image = context.createImageData(across, down);
    let at = 0;
    for (let index = 0; index < count; index++) {
      const [left, top] = [(index % columns) * (width + gap), Math.floor(index / columns) * (height + gap)];
      for (let y = 0; y < height; y++) {
        let pixel = 4 * ((top + y) * across + left);
        for (let x = 0; x < width; x++) {
          const red = toLevel(numbers[at]);
          image.data[pixel++] = red;
          image.data[pixel++] = channels > 1 ? toLevel(numbers[at + 1]) : red;
          image.data[pixel++] = channels > 1 ? toLevel(numbers[at + 2]) : red;
          image.data[pixel++] = 255;
          at += channels;
        }
      }
    }
    context.putImageData(image, 0, 0);
    return "";
  }

  // Which of `count` lies under the pointer.
  which(event, count) {
    const box = this.canvas.getBoundingClientRect();
    const columns = Math.ceil(Math.sqrt(count));
    const [column, row] = [event.clientX - box.left, event.clientY - box.top].map((at) => Math.floor((at / box.width) * columns));
    return row * columns + column;
  }
}

class PointPicture {
  constructor(canvas, { points }) {
    this.canvas = canvas;
    this.points = points;
    this.one = "one point";
    this.draggable = false; // the point goes where the generator takes it, not where the finger is
  }

  // In front of what the generator makes of random latents, and of real points. Returns where the first one is, in words.
  draw(numbers, count) {
    const { canvas } = this;
    const ratio = Math.min(devicePixelRatio, 2);
    const side = Math.round(canvas.clientWidth * ratio);
    const style = getComputedStyle(canvas);
    const colour = Object.fromEntries(
      ["real", "generated", "here", "st-background-color", "st-border-color", "st-text-color"].map((name) => [name, style.getPropertyValue(`--${name}`)]),
    );
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    const key = JSON.stringify([side, colour]);
    if (key !== this.key) {
      this.key = key;
      this.behind = this.backdrop(side, ratio, colour);
    }
    this.drawn = numbers;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    if (side) context.drawImage(this.behind, 0, 0);
    context.strokeStyle = colour["st-background-color"];
    context.lineWidth = 2 * ratio;
    for (let index = count - 1; index >= 0; index--) {
      const [x, y] = this.place(numbers[2 * index], numbers[2 * index + 1], side);
      dot(context, x, y, (index ? 4 : 7) * ratio, colour.here);
      context.stroke();
    }
    return `(${numbers[0].toFixed(3)}, ${numbers[1].toFixed(3)})`;
  }

  place(x, y, side) {
    const { limit } = this.points;
    return [(0.5 + x / limit / 2) * side, (0.5 - y / limit / 2) * side];
  }

  // What does not move, drawn once for each size and theme.
  backdrop(side, ratio, colour) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    context.strokeStyle = colour["st-border-color"];
    context.fillStyle = colour["st-text-color"];
    context.font = `${10 * ratio}px sans-serif`;
    const { limit, real, generated } = this.points;
    const step = [0.1, 0.2, 0.5, 1, 2, 5].find((each) => limit / each < 5) ?? 10;
    for (let line = -Math.floor(limit / step); line <= limit / step; line++) {
      const [across, down] = this.place(line * step, line * step, side);
      context.beginPath();
      context.moveTo(across, 0);
      context.lineTo(across, side);
      context.moveTo(0, down);
      context.lineTo(side, down);
      context.stroke();
      const words = String(Number((line * step).toFixed(1)));
      context.fillText(words, across + 3 * ratio, side - 4 * ratio);
      if (line) context.fillText(words, 3 * ratio, down - 3 * ratio);
    }
    for (const [points, size, opacity, fill] of [
      [real ?? [], 3.5, 0.35, colour.real],
      [generated, 2, 0.75, colour.generated],
    ]) {
      context.globalAlpha = opacity;
      for (const point of points) dot(context, ...this.place(...point, side), size * ratio, fill);
    }
    return canvas;
  }

  // Which of `count` is nearest to the pointer.
  which(event, count) {
    const box = this.canvas.getBoundingClientRect();
    const away = Array.from({ length: count }, (_, index) => {
      const [x, y] = this.place(this.drawn[2 * index], this.drawn[2 * index + 1], box.width);
      return Math.hypot(x - (event.clientX - box.left), y - (event.clientY - box.top));
    });
    return away.indexOf(Math.min(...away));
  }
}

function dot(context, x, y, radius, fill) {
  context.fillStyle = fill;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}
