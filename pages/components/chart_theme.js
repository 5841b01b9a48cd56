// The page's theme as a Plotly template. Whatever a figure sets itself overrides it.

/** @typedef {ReturnType<typeof readTheme>} Theme */

/** @param {HTMLElement} host */
export function readTheme(host) {
  const style = getComputedStyle(host);
  /** @param {string} name */
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

const CLEAR = "rgba(0,0,0,0)";

/**
 * The background is opaque here, so that Plotly picks colours that stand out from it. On the page the style sheet makes it transparent.
 * @param {Theme} theme
 */
export function template(theme) {
  const axis = axisOf(theme);
  const font = { color: theme.text, family: theme.font, size: 13 };
  return {
    layout: {
      paper_bgcolor: theme.background,
      plot_bgcolor: CLEAR,
      font,
      colorway: theme.colours.split(","),
      xaxis: axis,
      yaxis: axis,
      legend: { bgcolor: CLEAR },
      hoverlabel: { bgcolor: theme.raised, bordercolor: theme.border, font, namelength: -1 },
      modebar: { bgcolor: CLEAR, color: theme.text, activecolor: theme.primary },
    },
    data: { heatmap: [{ colorbar: { outlinewidth: 0 } }], contour: [{ colorbar: { outlinewidth: 0 } }] },
  };
}

/** @param {Theme} theme */
function axisOf(theme) {
  return {
    automargin: true,
    gridcolor: theme.grid,
    zerolinecolor: theme.border,
    linecolor: theme.border,
    tickcolor: theme.border,
    spikecolor: theme.text,
    spikethickness: 1,
    title: { font: { size: 13 } },
  };
}
