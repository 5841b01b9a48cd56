// A picture whose <img> stays: a new picture is decoded aside and swapped in when it can be painted at once.

const pictures = new WeakMap(); // figure element -> what it shows

export default function ({ data, parentElement }) {
  const figure = parentElement.querySelector("figure");
  if (!pictures.has(figure)) pictures.set(figure, { stamp: null, url: null });
  const picture = pictures.get(figure);
  show(figure, picture, data);
  return () => {
    URL.revokeObjectURL(picture.url);
    pictures.delete(figure);
  };
}

async function show(figure, picture, data) {
  const [header, body] = unpack(data);
  if (header.stamp === picture.stamp) return;
  picture.stamp = header.stamp;
  const url = URL.createObjectURL(new Blob([body]));
  const decoded = new Image();
  decoded.src = url;
  const works = await decoded.decode().then(() => true, () => false);
  // While this one was decoded a newer one may have come, or the element may have gone.
  if (picture.stamp !== header.stamp || !pictures.has(figure)) return URL.revokeObjectURL(url);
  describe(figure, header, works);
  if (works) swap(figure.querySelector("img"), picture, header, decoded);
}

function swap(image, picture, header, decoded) {
  image.width = header.width ?? decoded.naturalWidth;
  image.style.aspectRatio = `${decoded.naturalWidth} / ${decoded.naturalHeight}`;
  image.style.imageRendering = header.pixelated ? "pixelated" : "auto";
  image.src = decoded.src;
  image.hidden = false;
  URL.revokeObjectURL(picture.url);
  picture.url = decoded.src;
}

function describe(figure, header, works) {
  figure.querySelector("img").alt = header.alt;
  const caption = figure.querySelector("figcaption");
  caption.textContent = works ? header.caption : "This picture cannot be shown: its data is not an image.";
  caption.hidden = !caption.textContent;
}
