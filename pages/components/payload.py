"""What the browser components share: reading the HTML and CSS files beside them, and packing their data as bytes."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def asset(name: str, folder: Path = HERE) -> str:
    """The text of a file in `folder`, by default the folder of the components that any page may use."""
    return (folder / name).read_text(encoding="utf-8")


def pack(header: Mapping[str, Any], body: bytes) -> bytes:
    """Header and body as one message: the header's length in 4 bytes (little endian), the header as JSON, then the body unchanged.

    Streamlit sends bytes as they are. As JSON they would grow by a third (base64) and would be parsed even if nothing had changed.
    The header also gets a `stamp`, a hash of everything, which lets the browser recognise a message that it has already drawn.
    """
    text = json.dumps(header).encode()
    stamp = hashlib.blake2b(text + body, digest_size=8).hexdigest()
    text = json.dumps({**header, "stamp": stamp}).encode()
    return struct.pack("<I", len(text)) + text + body
