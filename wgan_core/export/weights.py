"""A trained network as a file that works without this project: ONNX, or PyTorch's exported program."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from wgan_core.export import Exported, ExportError
from wgan_core.latent.saved import SavedNetworks
from wgan_core.training import spectral
from wgan_core.training.classes import with_classes

TOLERANCE = 1e-4
"""The largest accepted difference from PyTorch, for images in [-1, 1] and for scores relative to their size."""
OPSET = 17
"""Version of the operators in an ONNX file. Nothing here needs a newer one, and runtimes from 2022 on read it."""
LOWEST_OPSET, HIGHEST_OPSET = 16, 23
_IR_VERSIONS = {16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11}
"""The version of the file format that was current when an opset appeared; an older runtime refuses a newer one."""
_BATCHES = (1, 2, 7, 64)
_ONNX_PACKAGES = ("onnx", "onnxscript")


def missing_packages() -> tuple[str, ...]:
    """Packages that have to be installed before ONNX files can be made."""
    return tuple(name for name in _ONNX_PACKAGES if importlib.util.find_spec(name) is None)


def check_packages() -> None:
    """Raise ExportError if ONNX files cannot be made here."""
    if missing := missing_packages():
        names = " and ".join(missing)
        raise ExportError(f"ONNX needs {names}, which PyTorch does not install: run `pip install {' '.join(missing)}` first.")


def onnx_file(networks: SavedNetworks, part: str, opset: int | None = None) -> Exported:
    """The network as one ONNX file including weights, for any batch size, with BatchNorm using its running statistics.

    For a generator, the input is `z` [batch, latent_dim], and `classes` [batch, classes] if it is told any: 1 for the class and 0 for the
    others, or a mixture; their names are in the file's metadata. The output is `images` [batch, c, h, w] in (-1, 1), or `points` [batch,
    2]. For the critic, the input is `images` or `points` (and `classes`) and the output `scores` [batch, 1].

    `opset` is the version of the operators; None for 17, or the next that the network can be written with.

    Raises ExportError if a package is missing, if the network cannot be written with that opset, or if the results of onnxruntime (where it
    is installed) differ from PyTorch by more than `TOLERANCE`.
    """
    check_packages()
    if opset is not None and not LOWEST_OPSET <= opset <= HIGHEST_OPSET:
        raise ExportError(f"--opset must be a whole number from {LOWEST_OPSET} to {HIGHEST_OPSET}, not {opset}.")
    traced, network, examples = _traced(networks, part)
    made = "points" if networks.makes_points else "images"
    inputs, outputs = ([made], ["scores"]) if part == "critic" else (["z"], [made])
    inputs += ["classes"] if networks.classes is not None else []
    try:
        with _quiet():
            program = torch.onnx.export(
                traced, examples, dynamo=True, input_names=inputs, output_names=outputs, verbose=False, opset_version=opset or OPSET
            )
    except Exception as error:  # of many kinds, if the packages do not fit together
        raise ExportError(
            f"PyTorch could not write the network as ONNX ({type(error).__name__}): update the packages with "
            "`pip install -U onnx onnxscript onnx-ir`."
        ) from error
    assert program is not None  # only other exporters return None
    model = program.model_proto
    found = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    if opset is not None and found != opset:
        raise ExportError(f"This network could not be written with the operators of opset {opset}, only of {found}: try --opset {found}.")
    model.ir_version = min(model.ir_version, _IR_VERSIONS.get(found, model.ir_version))
    model.doc_string = f"{'averaged generator' if part == 'averaged' else part} of a Wasserstein GAN at step {networks.step}"
    if networks.classes is not None:
        model.metadata_props.add(key="classes", value=json.dumps(networks.classes.names))
    content = model.SerializeToString()
    if importlib.util.find_spec("onnxruntime") is None:
        return Exported(content, f"Step {networks.step}. Not compared with PyTorch: onnxruntime is not installed.")
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    asked = ({name: one.numpy() for name, one in zip(inputs, given, strict=True)} for given in _tried(examples))
    answers = [torch.from_numpy(session.run(None, given)[0]) for given in asked]
    return Exported(content, f"Step {networks.step}. {_compared(network, examples, answers, 'onnxruntime')}")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the log of the conversion to an older opset. Whether it worked is checked."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.onnx._internal.exporter._compat", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def exported_program(networks: SavedNetworks, part: str) -> Exported:
    """The network as a file for `torch.export.load`, for any batch size, with BatchNorm using its running statistics. Raises
    ExportError."""
    traced, network, examples = _traced(networks, part)
    module = traced.module()
    made = [module(*given) for given in _tried(examples)]
    buffer = io.BytesIO()
    torch.export.save(traced, buffer)
    return Exported(buffer.getvalue(), f"Step {networks.step}. {_compared(network, examples, made, 'the exported program')}")


class _ToldGenerator(nn.Module):
    """A generator whose latents and classes come in two parts."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        return self.generator(with_classes(z, classes))


@torch.no_grad()
def _traced(networks: SavedNetworks, part: str) -> tuple[torch.export.ExportedProgram, nn.Module, tuple[Tensor, ...]]:
    """The traced network, the network itself, and an example of each of its inputs."""
    z = torch.randn(2, networks.latent_dim, generator=torch.Generator().manual_seed(0))
    network, examples = networks.generator, (z,)
    if networks.classes is not None:
        network, examples = _ToldGenerator(network).eval(), (z, torch.eye(2, len(networks.classes)))
    if part == "critic":
        network, examples = spectral.written_in(networks.critic), (network(*examples), *examples[1:])
    batch = {0: torch.export.Dim("batch")}
    traced = torch.export.export(network, examples, dynamic_shapes=tuple(batch for _ in examples))
    for node in traced.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names folders of this machine
    return traced, network, examples


def _tried(examples: tuple[Tensor, ...]) -> list[tuple[Tensor, ...]]:
    """Inputs with several batch sizes, including the smallest."""
    rng = torch.Generator().manual_seed(1)
    return [tuple(torch.randn(count, *one.shape[1:], generator=rng) for one in examples) for count in _BATCHES]


@torch.no_grad()
def _compared(network: nn.Module, examples: tuple[Tensor, ...], made: list[Tensor], maker: str) -> str:
    """The difference between `made` and the network's own results for the same inputs, in words. Raises ExportError if it is too large."""
    difference = 0.0
    for given, theirs in zip(_tried(examples), made, strict=True):
        ours = network(*given)
        difference = max(difference, float((ours - theirs).abs().max() / ours.abs().max().clamp(min=1)))
    if not difference <= TOLERANCE:
        raise ExportError(
            f"The file was not written: {maker} differs from PyTorch by {difference:.1e}, more than {TOLERANCE:.0e}; "
            "another version of the packages may help."
        )
    return f"Largest difference between {maker} and PyTorch: {difference:.1e} at batch sizes {', '.join(map(str, _BATCHES))}."
