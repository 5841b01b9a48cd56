"""What a run is exported as on the Train page, without a browser."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app_page import page, texts
from wgan_core.export import export
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder


def open_export(run_id: str) -> AppTest:
    test = page("train", run=run_id)
    assert not test.download_button and not scripts(test)
    test.session_state[f"export.{run_id}"] = True
    return test.run()


def scripts(test: AppTest) -> list[str]:
    """The programs that are shown; the run's settings as a link and as a command are code too."""
    return [shown.value for shown in test.code if shown.language == "python"]


def test_a_script_and_a_notebook_of_a_run_that_trains(manager: RunManager, endless: Run) -> None:
    test = open_export(endless.run_id)
    (shown,) = scripts(test)
    assert shown == export(RunFolder.open(manager.root / endless.run_id), "script").content.decode().strip()
    assert test.download_button[0].label == f"Download {endless.run_id}.py"
    test.segmented_control(key="export.kind").set_value("notebook").run()
    assert test.download_button[0].label == f"Download {endless.run_id}.ipynb" and not scripts(test)
    endless.stop()


def test_networks_of_a_run_of_an_earlier_server(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is made when the button is pressed, and not in the process of the pages."""
    manager._runs.clear()
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        "pages.parts.train.export_view.export_in_subprocess", lambda *args, **options: asked.append((*args, options)) or b"made"
    )
    offered: list[Any] = []
    monkeypatch.setattr(
        "pages.parts.train.export_view.st.download_button", lambda label, data, *args, **options: offered.append((label, data))
    )
    test = open_export(finished.run_id)
    test.segmented_control(key="export.kind").set_value("exported-program").run()
    test.segmented_control(key="export.part").set_value("critic").run()
    test.selectbox(key="export.step").set_value(60).run()
    label, make = offered[-1]
    assert label == f"Download {finished.run_id}-critic.pt2" and not asked and not test.exception
    assert make() == b"made"
    assert asked == [(manager.root / finished.run_id, "exported-program", {"step": 60, "part": "critic"})]


def test_a_network_that_cannot_be_exported_is_a_sentence(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    test = open_export(finished.run_id)
    monkeypatch.setattr("wgan_core.export.weights.missing_packages", lambda: ("onnxscript",))
    test.segmented_control(key="export.kind").set_value("onnx").run()
    assert "run `pip install onnxscript` first." in texts(test) and not test.download_button
    (manager.root / finished.run_id / "steps" / "00000060" / "critic.safetensors").write_bytes(b"torn")
    test.segmented_control(key="export.kind").set_value("exported-program").run()
    test.selectbox(key="export.step").set_value(60).run()
    assert "critic.safetensors of step 60 is damaged" in texts(test) and not test.download_button
