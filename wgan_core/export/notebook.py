"""A program as a Jupyter notebook (nbformat 4.5, which is JSON): one cell per part, with a short text before it."""

from __future__ import annotations

import json
from typing import Any

from wgan_core.export.sections import Program

_COLAB = (
    "Run all cells from top to bottom, here or in Colab (*File → Upload notebook*; *Runtime → Change runtime type* gives a GPU, which is "
    "used if there is one). A step is one critic update."
)


def notebook(program: Program) -> str:
    """The text of an .ipynb file."""
    cells = [_markdown("\n\n".join((f"# {program.title}", *program.header[1:], _COLAB)))]
    for part in program.parts:
        cells += [_markdown("\n\n".join(filter(None, (f"## {part.title}", part.says)))), _code(part.code)]
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "accelerator": "GPU",
        "colab": {"provenance": []},
    }
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False) + "\n"


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text.splitlines(keepends=True)}
