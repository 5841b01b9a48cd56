"""Colours and the position of the legend, the same in every figure."""

# Distinguishable for people with red-green colour blindness, and readable on white and on near-black.
BLUE, GREEN, ORANGE, PURPLE, GREY = "#3b82d6", "#17a37f", "#e07a1f", "#9a6fd0", "#8b919a"
REAL, GENERATED = GREEN, ORANGE
"""Real and generated data, in every chart and picture of every page."""
FAINT_BLUE, FAINT_GREEN = "rgba(59,130,214,0.18)", "rgba(23,163,127,0.15)"

OF_RUNS: tuple[tuple[str, str], ...] = (
    (BLUE, "solid"),
    (ORANGE, "dash"),
    (GREEN, "dot"),
    (PURPLE, "dashdot"),
    ("#c9a227", "solid"),
    ("#d0557f", "dash"),
    ("#2fa8c4", "dot"),
    (GREY, "dashdot"),
)
"""Colour and dash of each run in a comparison. The dashes tell them apart where the colours do not."""

LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
"""Above the plot, from its left edge."""
