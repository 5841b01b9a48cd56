"""A browser tab without a browser: speaks with a running server through its websocket, and can send it anything."""

from __future__ import annotations

import contextlib
import time
import urllib.parse
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

PATIENCE = 120.0
"""Seconds for a script to end, on a machine that is busy with other things."""


class BareClient:
    """One session. `elements` holds what the page shows: by kind, such as "button", the newest message of each id."""

    def __init__(self, url: str) -> None:
        self._stack = contextlib.ExitStack()
        self._socket = self._stack.enter_context(
            # Without pings, which a server on a busy machine may answer too late.
            connect(url.replace("http", "ws", 1) + "/_stcore/stream", max_size=2**26, open_timeout=PATIENCE, ping_interval=None)
        )
        self.elements: dict[str, dict[str, Any]] = {}
        self.page, self.query = "", ""
        self.errors: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._stack.close()

    def open(self, page: str, **params: object) -> Self:
        """Open a page, and wait until its script has ended."""
        self.page, self.query = page, urllib.parse.urlencode(params)
        return self.send()

    def send(self, *states: WidgetState, fragment: str = "") -> Self:
        """Run the page's script with these widget states, as if somebody had used the widgets, and wait until it has ended."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        message.rerun_script.fragment_id = fragment
        message.rerun_script.widget_states.widgets.extend(states)
        if not fragment:
            self.elements = {}
        self._socket.send(message.SerializeToString())
        return self._until(lambda kind: kind == "script_finished")

    def _until(self, come: Callable[[str], bool]) -> Self:
        end, begun = time.monotonic() + PATIENCE, False
        while True:
            data = self._socket.recv(timeout=max(0.01, end - time.monotonic()))
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            kind = str(message.WhichOneof("type"))
            self._take(kind, message)
            begun = begun or kind == "new_session"
            if begun and come(kind) and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return self

    def _take(self, kind: str, message: ForwardMsg) -> None:
        if kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            name = str(element.WhichOneof("type"))
            found = getattr(element, name)
            if name == "exception":
                self.errors.append(f"{found.type}: {found.message}")
            key = getattr(found, "id", "") or str(list(message.metadata.delta_path))
            self.elements.setdefault(name, {})[key] = found

    def widget(self, kind: str, label: str) -> Any:
        """The widget with this label, or whose label begins with it. Raises KeyError."""
        found = [one for one in self.elements.get(kind, {}).values() if one.label.startswith(label)]
        if not found:
            raise KeyError(f"no {kind} {label!r} among {[one.label for one in self.elements.get(kind, {}).values()]}")
        return found[0]

    def press(self, label: str) -> Self:
        """Press a button."""
        return self.send(pressed(self.widget("button", label).id))

    def words(self) -> str:
        """What the page says."""
        said = [one.body for kind in ("markdown", "alert", "toast") for one in self.elements.get(kind, {}).values()]
        return "\n".join(map(str, said))


def pressed(widget_id: str) -> WidgetState:
    """The state of a button that was pressed."""
    return WidgetState(id=widget_id, trigger_value=True)
