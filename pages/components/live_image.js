// A picture whose <img> stays: a new picture is decoded aside and swapped in when it can be painted at once.

export default function ({ data, parentElement }) {
  const [picture, leave] = kept(parentElement.querySelector("figure"), (figure) => new Picture(figure));
  picture.show(data);
  return leave;
}

class Picture {
  constructor(figure) {
    this.image = figure.querySelector("img");
    this.caption = figure.querySelector("figcaption");
  }

  async show(data) {
    const [header, body] = unpack(data);
    if (header.stamp === this.stamp) return;
    this.stamp = header.stamp;
    const url = URL.createObjectURL(new Blob([body]));
    const decoded = new Image();
    decoded.src = url;
    const works = await decoded.decode().then(() => true, () => false);
    // While this one was decoded a newer one may have come, or the element may have gone.
    if (this.stamp !== header.stamp || this.closed) return URL.revokeObjectURL(url);
    this.describe(header, works);
    if (works) this.swap(header, decoded);
  }

  swap(header, decoded) {
    const { image } = this;
    image.width = header.width ?? decoded.naturalWidth;
    image.style.aspectRatio = `${decoded.naturalWidth} / ${decoded.naturalHeight}`;
    image.style.imageRendering = header.pixelated ? "pixelated" : "auto";
    image.src = decoded.src;
    image.hidden = false;
    URL.revokeObjectURL(this.url);
    this.url = decoded.src;
  }

  describe(header, works) {
    this.image.alt = header.alt;
    this.caption.textContent = works ? header.caption : "This picture cannot be shown: its data is not an image.";
    this.caption.hidden = !this.caption.textContent;
  }

  close() {
    this.closed = true;
    URL.revokeObjectURL(this.url);
  }
}
