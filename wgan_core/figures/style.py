"""Colours and the position of the legend, the same in every figure."""

# Distinguishable for people with red-green colour blindness, and readable on white and on near-black.
BLUE, GREEN, ORANGE, PURPLE, GREY = "#3b82d6", "#17a37f", "#e07a1f", "#9a6fd0", "#8b919a"
REAL, GENERATED = GREEN, ORANGE
"""Real and generated data, in every chart and picture of every page."""
FAINT_BLUE, FAINT_GREEN = "rgba(59,130,214,0.18)", "rgba(23,163,127,0.15)"

LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
"""Above the plot, from its left edge."""
