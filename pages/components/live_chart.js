// A Plotly chart that keeps its element: every message goes through Plotly.react, so zoom, legend and hover stay.

export default function ({ data, parentElement }) {
  const message = parentElement.querySelector(".wgan-chart-message");
  const [chart, leave] = kept(parentElement.querySelector(".wgan-chart"), (host) => new Chart(host, message));
  chart.show(data);
  return leave;
}

class Chart {
  constructor(host, message) {
    this.host = host;
    this.message = message;
    this.drawn = null; // stamp and theme of what is on the screen
    this.next = null; // the newest message not drawn yet
    this.busy = false;
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.resize()));
    this.observer.observe(host);
    this.listeners = new AbortController();
    const moved = ({ detail }) => detail.cursor === this.cursor && this.showCursor();
    globalThis.addEventListener("wgan-cursor", moved, { signal: this.listeners.signal });
  }

  async show(data) {
    this.next = data;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.next) {
        const newest = this.next;
        this.next = null;
        await this.draw(newest);
      }
    } catch (error) {
      this.say(`The chart could not be drawn: ${error.message} Reload the page to try again.`);
    } finally {
      this.busy = false;
    }
  }

  async draw(data) {
    const [header, body] = unpack(data);
    const theme = readTheme(this.host);
    const wanted = header.stamp + JSON.stringify(theme);
    if (wanted === this.drawn) return;
    this.host.style.height = `${header.height}px`;
    this.host.setAttribute("aria-label", header.alt);
    this.Plotly = await loadPlotly(header.url);
    // A redraw while the mouse draws a zoom box would move the axes under it.
    while (this.host._dragging) await new Promise((resolve) => setTimeout(resolve, 50));
    if (this.closed || this.next) return;
    const figure = JSON.parse(new TextDecoder().decode(body));
    const layout = {
      ...figure.layout,
      template: template(theme),
      uirevision: header.revision,
      height: header.height,
      autosize: true,
    };
    // Plotly builds the chart anew if any part of its config is another object.
    this.config ??= config(this.Plotly, header.name);
    this.say("");
    await this.Plotly.react(this.host, figure.data, layout, this.config);
    this.drawn = wanted;
    this.cursor = header.cursor;
    this.followCursor();
  }

  // Once for each chart: its line goes where a zoom or another width moves it, and a click sends the cursor's owner there.
  followCursor() {
    if (this.cursor && !this.line) {
      this.line = document.createElement("div");
      this.line.className = "wgan-chart-cursor";
      this.host.append(this.line);
      this.host.on("plotly_afterplot", () => this.showCursor());
      this.host.on("plotly_click", ({ points }) => seekCursor(this.cursor, points[0].x));
    }
    this.showCursor();
  }

  // Over the chart and not in it: moved thirty times a second, a shape of the figure would cost a layout each time.
  showCursor() {
    if (!this.line || this.closed) return;
    const { xaxis, _size: inner } = this.host._fullLayout ?? {};
    const x = cursorAt(this.cursor);
    const along = xaxis && x !== undefined ? xaxis.l2p(x) : NaN;
    this.line.hidden = !(along >= 0 && along <= inner.w);
    if (this.line.hidden) return;
    this.line.style.transform = `translateX(${inner.l + along}px)`;
    this.line.style.top = `${inner.t}px`;
    this.line.style.height = `${inner.h}px`;
  }

  resize() {
    // A chart in a folded or hidden part of the page has no width; it is called again when it shows.
    if (this.drawn && !this.closed && this.host.clientWidth) this.Plotly.Plots.resize(this.host);
  }

  say(text) {
    this.host.hidden = Boolean(text);
    this.message.hidden = !text;
    this.message.textContent = text;
  }

  close() {
    this.closed = true;
    this.observer.disconnect();
    this.listeners.abort();
    this.Plotly?.purge(this.host);
  }
}

// One load for all charts of the page; a failed one is forgotten, so that the next message tries again.
function loadPlotly(url) {
  const loads = (globalThis.wganPlotlyLoads ??= new Map());
  const address = new URL(url, document.baseURI).href;
  if (!loads.has(address)) {
    const load = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(globalThis.Plotly);
      script.onerror = () => {
        script.remove();
        reject(new Error(`plotly.js did not load from ${address}.`));
      };
      document.head.append(script);
    });
    load.catch(() => loads.delete(address));
    loads.set(address, load);
  }
  return loads.get(address);
}

function readTheme(host) {
  const style = getComputedStyle(host);
  const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    text: read("text-color"),
    background: read("background-color"),
    raised: read("secondary-background-color"),
    border: read("border-color"),
    grid: read("border-color-light"),
    primary: read("primary-color"),
    font: read("font"),
    colours: read("chart-categorical-colors"),
  };
}

// A template gives way to whatever the figure sets itself. The background is opaque here, so that Plotly picks colours that
// stand out from it; the style sheet makes it transparent on the page.
function template(theme) {
  const clear = "rgba(0,0,0,0)";
  const axis = {
    automargin: true,
    gridcolor: theme.grid,
    zerolinecolor: theme.border,
    linecolor: theme.border,
    tickcolor: theme.border,
    spikecolor: theme.text,
    spikethickness: 1,
    title: { font: { size: 13 } },
  };
  const font = { color: theme.text, family: theme.font, size: 13 };
  return {
    layout: {
      paper_bgcolor: theme.background,
      plot_bgcolor: clear,
      font,
      colorway: theme.colours.split(","),
      xaxis: axis,
      yaxis: axis,
      legend: { bgcolor: clear },
      hoverlabel: { bgcolor: theme.raised, bordercolor: theme.border, font, namelength: -1 },
      modebar: { bgcolor: clear, color: theme.text, activecolor: theme.primary },
    },
    data: { heatmap: [{ colorbar: { outlinewidth: 0 } }], contour: [{ colorbar: { outlinewidth: 0 } }] },
  };
}

function config(Plotly, name) {
  const download = {
    name: "download",
    title: "Download as PNG",
    icon: Plotly.Icons.camera,
    // A picture cannot carry the page's font: texts would be measured with one font and drawn with another.
    click: ({ data, layout, clientWidth: width, clientHeight: height }) =>
      Plotly.downloadImage(
        { data, layout: { ...layout, font: { ...layout.font, family: "Arial, sans-serif" } } },
        { format: "png", filename: name, scale: 2, width, height },
      ),
  };
  return { displaylogo: false, scrollZoom: false, modeBarButtons: [["zoom2d", "pan2d"], ["resetScale2d", download]] };
}
