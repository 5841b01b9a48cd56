"""Numbers and times in words."""

from __future__ import annotations

STATUS_COLOURS: dict[str, str] = {
    "queued": "gray",
    "loading": "blue",
    "running": "green",
    "paused": "orange",
    "finished": "blue",
    "stopped": "gray",
    "interrupted": "orange",
    "failed": "red",
}


def status_badge(status: str) -> str:
    """A coloured badge in Markdown."""
    return f":{STATUS_COLOURS.get(status, 'gray')}-badge[{status or 'unknown'}]"


def duration(seconds: float) -> str:
    """Seconds in words, coarse: "40 s", "12 min", "3 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
