// The browser's side of wgan_core/latent/plane.py: the same latents, number by number.

function mix32(h) {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function cornerLatent(origin, name, i, j) {
  if (!i && !j) return origin;
  let seed = 0;
  for (const value of [name, i, j]) seed = mix32(((seed ^ value) + 0x9e3779b9) | 0);
  const uniform = (counter) => (mix32(mix32((counter + seed) | 0) ^ seed) + 0.5) / 4294967296;
  const z = new Float64Array(origin.length);
  for (let index = 0; index < z.length; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(index)));
    const angle = 2 * Math.PI * uniform(index + 1);
    z[index] = radius * Math.cos(angle);
    if (index + 1 < z.length) z[index + 1] = radius * Math.sin(angle);
  }
  return z;
}

const cornersKept = new Map(); // the corners around the finger are asked for again at every move
function planeLatent(origin, originKey, name, x, y) {
  const limit = 1000000;
  [x, y] = [Math.max(-limit, Math.min(limit, x)), Math.max(-limit, Math.min(limit, y))];
  const [left, low] = [Math.floor(x), Math.floor(y)];
  const blend = new Float64Array(origin.length);
  let squares = 0;
  for (const [i, alongX] of [[left, 1 - (x - left)], [left + 1, x - left]]) {
    for (const [j, alongY] of [[low, 1 - (y - low)], [low + 1, y - low]]) {
      const weight = alongX * alongY;
      if (!weight) continue;
      const key = `${originKey} ${name} ${i} ${j}`;
      if (!cornersKept.has(key)) {
        if (cornersKept.size > 400) cornersKept.clear();
        cornersKept.set(key, cornerLatent(origin, name, i, j));
      }
      const corner = cornersKept.get(key);
      for (let index = 0; index < blend.length; index++) blend[index] += weight * corner[index];
      squares += weight * weight;
    }
  }
  const size = Math.sqrt(squares);
  return Float32Array.from(blend, (value) => value / size);
}
