"""The command line, as a script would use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from wgan_core.cli import main
from wgan_core.models import build_generator
from wgan_core.recorder import fixed_latents
from wgan_core.store import RunFolder

PROJECT = Path(__file__).parents[1]
SIZES = {"--image-size": 8, "--latent-dim": 6, "--generator-widths": "16,24", "--critic-widths": "24,12", "--batch-size": 16}
QUICK = [
    str(word) for flag in ({"--dataset": "digits", "--device": "cpu", "--threads": 1, "--n-critic": 3} | SIZES).items() for word in flag
]


def train(out: Path, *more: str) -> int:
    return main(["train", *QUICK, "--out", str(out), *more])


@pytest.fixture
def run(tmp_path: Path, runs: Path) -> Path:
    assert train(tmp_path / "run", "--max-steps", "30") == 0
    return tmp_path / "run"


def test_training_leaves_a_run_and_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path / "run", "--max-steps", "30", "--clip-value", "0.02", "--seed", "4") == 0
    folder = RunFolder.open(tmp_path / "run")
    assert folder.steps() == [0, 30] and folder.status() == "finished"
    assert (folder.config.clip_value, folder.config.seed, folder.config.critic_widths) == (0.02, 4, (24, 12))
    shown = capsys.readouterr()
    assert f"train --resume {tmp_path / 'run'} --max-steps 60" in shown.out
    assert "step 30/30" in shown.err


def test_without_out_the_run_goes_to_the_runs_root(runs: Path) -> None:
    assert main(["train", "--preset", "quick-start", "--max-steps", "3", "--clip-value", "0.5"]) == 0
    (path,) = runs.iterdir()
    config = RunFolder.open(path).config
    assert (config.n_critic, config.clip_value, config.max_steps) == (3, 0.5, 3)


def test_two_halves_equal_the_whole(tmp_path: Path, run: Path) -> None:
    assert train(tmp_path / "whole", "--max-steps", "61") == 0
    assert main(["train", "--resume", str(run), "--max-steps", "61"]) == 0
    whole, halves = (RunFolder.open(path).read_step(61) for path in (tmp_path / "whole", run))
    for part in whole:
        for name, tensor in whole[part].items():
            assert torch.equal(tensor, halves[part][name]), (part, name)


def test_resuming_a_run_that_is_done_says_so(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--resume", str(run)]) == 0
    assert "at step 30 already; give --max-steps more than that" in capsys.readouterr().out


def test_samples_are_the_generators_images(run: Path, tmp_path: Path) -> None:
    assert main(["sample", str(run), "--count", "5", "--seed", "7", "--out", str(tmp_path / "s.npz")]) == 0
    arrays = np.load(tmp_path / "s.npz")
    assert arrays["images"].dtype == np.float32 and arrays["images"].shape == (5, 1, 8, 8) and arrays["z"].shape == (5, 6)
    folder = RunFolder.open(run)
    generator = build_generator(folder.config, (1, 8, 8))
    generator.load_state_dict(folder.read_part(30, "generator"))
    generator.eval()
    with torch.no_grad():
        np.testing.assert_allclose(arrays["images"], generator(torch.from_numpy(arrays["z"])).numpy(), atol=1e-6)
    np.testing.assert_array_equal(arrays["z"], fixed_latents(7, 5, 6).numpy())
    assert np.abs(arrays["images"]).max() <= 1

    assert main(["sample", str(run), "--step", "0", "--count", "9", "--out", str(tmp_path / "g.png")]) == 0
    with Image.open(tmp_path / "g.png") as grid:
        assert grid.size == (3 * 8 + 2, 3 * 8 + 2)


def test_info_in_words_and_as_json(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["info", str(run), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["run_id"], facts["status"], facts["step"], facts["generator_updates"]) == ("run", "finished", 30, 10)
    assert facts["saved_steps"] == [0, 30] and facts["config"]["n_critic"] == 3 and facts["dataset"]["images"] == 1797
    assert isinstance(facts["wasserstein_estimate"], float) and facts["megabytes"] > 0
    assert main(["info", str(run)]) == 0
    assert "generator updates  10" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("train --preset walkthru", "There is no preset 'walkthru': did you mean walkthrough?"),
        ("train --clip-value 0", "clip_value must be a number above 0 and at most 10, not '0'."),
        ("train --n-critic few", "n_critic must be a whole number from 1 to 1,000, not 'few'."),
        ("train --dataset imagenet", "dataset must be one of digits, fashion-mnist"),
        ("train --clip-valeu 1", "--clip-valeu is not known here: did you mean --clip-value?"),
        ("train --seed", "Argument --seed: expected one argument"),
        ("train --architecture dcgan --image-size 40", "image_size must be 28, 32 or 64 for the architecture dcgan, not 40."),
        ("train --critic-widths 512,x", "critic_widths must be 1 to 16 whole numbers"),
        ("train --dataset image-folder", "image-folder needs a folder of images"),
        ("train --dataset image-folder --data-root {tmp}/none", "There is no folder"),
        ("train --max-steps 5 --out {run}", "exists already: choose another folder, or continue it with --resume"),
        ("train --batch-size 4096", "1797 images, fewer than one batch of 4096: lower the batch size"),
        ("train --resume {run} --batch-size 8", "--batch-size cannot change in a run that has begun"),
        ("train --resume {run} --preset walkthrough", "--preset cannot be given with --resume"),
        ("train --resume {tmp}/nothing", "is not a run folder: it has no config.json"),
        ("sample {run} --out grid.gif", "--out must end in .png"),
        ("sample {run} --out {tmp}/no/such/grid.png", "cannot be written (No such file or directory)"),
        ("sample {run} --step 17 --out grid.png", "Step 17 is not kept in this run (kept: 0, 30)."),
        ("sample {run} --count 0 --out grid.png", "--count must be a whole number from 1"),
        ("sample {run}", "The following arguments are required: --out"),
        ("info {tmp}", "is not a run folder"),
        ("dance", "invalid choice: 'dance'"),
        ("", "The following arguments are required"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    run: Path, tmp_path: Path, line: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main([word.format(run=run, tmp=tmp_path) for word in line.split()]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and "Traceback" not in shown.err
    assert sentence in shown.err
    assert RunFolder.open(run).steps() == [0, 30]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU here")
def test_cuda_where_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path / "run", "--device", "cuda") == 2
    assert "PyTorch finds no CUDA GPU here" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_damaged_weights_are_a_sentence(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for step in ("00000000", "00000030"):
        (run / "steps" / step / "generator.safetensors").write_bytes(b"torn")
    assert main(["sample", str(run), "--out", str(tmp_path / "g.png")]) == 2
    assert "generator.safetensors of step 30 is damaged" in capsys.readouterr().err


def test_a_run_with_weights_only_cannot_be_resumed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for step in (run / "steps").iterdir():
        (step / "training.safetensors").unlink()
    assert main(["train", "--resume", str(run), "--max-steps", "99"]) == 2
    assert "weights only, so it can be explored but not resumed" in capsys.readouterr().err


def test_a_failing_run_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch_error = torch.OutOfMemoryError("CUDA out of memory")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wgan_core.trainer.Trainer.train_step", lambda self: (_ for _ in ()).throw(torch_error))
        assert train(tmp_path / "run") == 1
    shown = capsys.readouterr().err.splitlines()[-1]
    assert shown.startswith("wgan_core: There is not enough memory: use a smaller batch size")
    assert RunFolder.open(tmp_path / "run").status() == "failed"


def test_help_needs_no_torch_and_names_every_setting() -> None:
    code = "import sys; from wgan_core.cli import main\ntry: main(['train','--help'])\nfinally: print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert shown.endswith("False\n")
    for flag in ("--clip-value", "--n-critic", "--batchnorm-eps", "--save-every"):
        assert flag in shown


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves_and_says_how_to_resume(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "wgan_core", "train", *QUICK, "--max-steps", "100000000", "--out", str(tmp_path / "run")]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("step 0/100000000")  # the handlers are in place before the first line
        process.send_signal(number)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in error
    folder = RunFolder.open(tmp_path / "run")
    assert f"Stopped at step {folder.steps()[-1]}." in out and "--resume" in out
    assert folder.status() == "stopped"
    assert main(["train", "--resume", str(tmp_path / "run"), "--max-steps", str(folder.steps()[-1] + 2)]) == 0
