"""What the browser components have in common: their HTML and styles lie beside them, their data travels as bytes."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def asset(name: str, folder: Path = HERE) -> str:
    """The text of a file in `folder`, by default that of what any page may use."""
    return (folder / name).read_text(encoding="utf-8")


def pack(header: Mapping[str, Any], body: bytes) -> bytes:
    """Header and body as one message: 4 bytes with the header's length (little endian), the header as JSON, the body as it is.

    Streamlit sends bytes untouched, where JSON would need a third more for base64 and be parsed even if nothing changed.
    The header gains `stamp`, a hash of everything, by which the browser tells a message it has already drawn.
    """
    text = json.dumps(header).encode()
    stamp = hashlib.blake2b(text + body, digest_size=8).hexdigest()
    text = json.dumps({**header, "stamp": stamp}).encode()
    return struct.pack("<I", len(text)) + text + body
