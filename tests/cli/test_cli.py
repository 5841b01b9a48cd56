"""The command line, as a script would use it."""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import wgan_core
from tests.project import PROJECT
from wgan_core.cli import train as cli_train
from wgan_core.cli.main import main, wgan
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import DataError
from wgan_core.latent.seeds import fixed_latents
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import RunFolder
from wgan_core.training.models import build_generator

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


def test_data_of_ones_own_is_checked_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = np.random.default_rng(0).normal(size=(600, 2))
    np.savetxt(tmp_path / "points.csv", np.concatenate((rows, rows)), delimiter=",")
    own = ("--dataset", "csv", "--data-root", str(tmp_path / "points.csv"))
    assert train(tmp_path / "run", "--max-steps", "2", *own) == 0
    said = capsys.readouterr().err
    assert "Warning: 600 of 1200 samples are exact copies of others" in said
    assert train(tmp_path / "other", "--max-steps", "2") == 0
    assert "samples" not in capsys.readouterr().err


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
    assert "already at step 30; give a larger --max-steps" in capsys.readouterr().out


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
        (
            "train --lipschitz r1-penalty --clip-value 0.02",
            "--clip-value has no effect with lipschitz r1-penalty: leave it out, or choose lipschitz clip.",
        ),
        ("train --lipschitz clip --gp-lambda 3", "--gp-lambda has no effect with lipschitz clip: leave it out, or choose lipschitz"),
        ("train --clip-valeu 1", "--clip-valeu is not known here: did you mean --clip-value?"),
        ("train --seed", "Argument --seed: expected one argument"),
        (
            "train --architecture dcgan --image-size 50",
            "image_size must be 48 or 56 for the architecture dcgan, not 50: its layers halve the side until 4 to 7 px are left.",
        ),
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
        ("sample {run} --step 17 --out grid.png", "Step 17 is not saved in this run (saved: 0, 30)."),
        ("sample {run} --count 0 --out grid.png", "--count must be a whole number from 1"),
        ("sample {run}", "The following arguments are required: --out"),
        ("sample {run} --count 10001 --out grid.png", "--count must be a whole number from 1 to 10,000, not 10001."),
        ("sample {run} --count 1000001 --out a.npz", "--count must be a whole number from 1 to 1,000,000, not 1000001."),
        ("sample {run} --per-file 5 --out grid.png", "--per-file must be a whole number from 1, and is for --out with .npz only."),
        ("sample {run} --out {tmp}/", "holds files already, and they would be counted with the new ones"),
        ("sample {run} --clip-value 3 --out grid.png", "--clip-value is not known here. Try --help."),
        ("info {tmp}", "is not a run folder"),
        ("info {run}/../nothing", "is not a run folder"),
        ("info {run} --jsn", "--jsn is not known here: did you mean --json?"),
        ("trian", "There is no command 'trian': did you mean train?"),
        ("train --dataset minst", "not 'minst': did you mean mnist?"),
        ("train --resume {run} --out {tmp}/x", "--out cannot be given with --resume"),
        ("train --resume {run} --max-steps 0", "max_steps must be a whole number from 1"),
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
        patch.setattr("wgan_core.training.trainer.Trainer.train_step", lambda self: (_ for _ in ()).throw(torch_error))
        assert train(tmp_path / "run") == 1
    shown = capsys.readouterr().err.splitlines()[-1]
    assert shown.startswith("wgan_core: There is not enough memory: use a smaller batch size")
    assert RunFolder.open(tmp_path / "run").status() == "failed"


def test_help_needs_no_torch_and_names_every_setting() -> None:
    code = "import sys; from wgan_core.cli.main import main\ntry: main(['train','--help'])\nfinally: print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert shown.endswith("False\n")
    for flag in ("--clip-value", "--n-critic", "--batchnorm-eps", "--save-every"):
        assert flag in shown


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])])
def test_ctrl_c_saves_and_says_how_to_resume(tmp_path: Path, number: signal.Signals, hangups_are_heard: None) -> None:
    command = [sys.executable, "-m", "wgan_core", "train", *QUICK, "--max-steps", "100000000", "--out", str(tmp_path / "run")]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("step 0/100000000")  # the handlers are in place before the first line
        process.send_signal(number)
        try:
            out, error = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0 and "Traceback" not in error
    folder = RunFolder.open(tmp_path / "run")
    assert f"Stopped at step {folder.steps()[-1]}." in out and "--resume" in out
    assert folder.status() == "stopped"
    assert main(["train", "--resume", str(tmp_path / "run"), "--max-steps", str(folder.steps()[-1] + 2)]) == 0


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    """A stderr that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def forbidden(*_: Any) -> None:
    raise AssertionError("this must not be reached")


@pytest.fixture
def not_downloaded(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As if no data set were here; a download is an error until a test says what it does."""
    monkeypatch.setattr(cli_train, "is_available", lambda config: False)
    monkeypatch.setattr(cli_train, "download", forbidden)
    return monkeypatch


def test_many_images_and_a_suffix_in_capitals(run: Path, tmp_path: Path) -> None:
    assert main(["sample", str(run), "--count", "300", "--out", str(tmp_path / "S.NPZ")]) == 0
    assert [path.name for path in tmp_path.glob("S*")] == ["S.NPZ"]
    folder = RunFolder.open(run)
    generator = build_generator(folder.config, (1, 8, 8))
    generator.load_state_dict(folder.read_part(30, "generator"))
    arrays = np.load(tmp_path / "S.NPZ")
    with torch.no_grad():  # one batch of 300, where `sample` makes two
        np.testing.assert_allclose(arrays["images"], generator.eval()(torch.from_numpy(arrays["z"])).numpy(), atol=1e-6)


def test_a_run_is_named_after_its_folder_even_if_that_is_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert train(Path("."), "--max-steps", "3") == 0
    assert RunFolder.open(tmp_path / "here").run_id == "here"


def test_what_is_printed_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path / "my runs" / "it's", "--max-steps", "7") == 0
    first, *_, go_on = capsys.readouterr().out.splitlines()
    estimate = RunFolder.open(tmp_path / "my runs" / "it's").read_metrics()[-1, 3]
    assert first.startswith(f"Finished at step 7. Last Wasserstein estimate: {estimate:.4g}. The run is in ")
    words = shlex.split(go_on.removeprefix("  continue:"))
    assert words[:3] == ["python", "-m", "wgan_core"]
    assert main(words[3:]) == 0
    assert RunFolder.open(tmp_path / "my runs" / "it's").steps()[-1] == 14


def test_the_installed_command_says_wgan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/wgan", "train", *QUICK, "--max-steps", "3", "--out", str(tmp_path / "run")])
    assert wgan() == 0
    images, go_on = capsys.readouterr().out.splitlines()[1:]
    assert images.split()[1:3] == ["wgan", "sample"] and go_on.split()[1:4] == ["wgan", "train", "--resume"]
    monkeypatch.setattr(sys, "argv", [sys.argv[0], "trian"])
    assert wgan() == 2
    assert capsys.readouterr().err == "wgan: There is no command 'trian': did you mean train?\n"
    monkeypatch.setattr(sys, "argv", [sys.argv[0], "sample", "--help"])
    with pytest.raises(SystemExit, match="0"):
        wgan()
    assert capsys.readouterr().out.startswith("usage: wgan sample ")


def test_the_versions_for_a_bug_report(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    said = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert said["wgan_core"] == wgan_core.__version__ and said["torch"] == importlib.metadata.version("torch")
    assert said["python"].startswith(platform.python_version()) and said["device"]


def test_nothing_is_downloaded_for_a_run_that_cannot_be(
    run: Path, not_downloaded: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["train", "--dataset", "mnist", "--out", str(run)]) == 2
    assert "exists already" in capsys.readouterr().err
    not_downloaded.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["train", "--dataset", "mnist", "--device", "cuda", "--out", str(tmp_path / "new")]) == 2
    assert "finds no CUDA GPU here" in capsys.readouterr().err


def test_a_download_that_fails_is_one_line(not_downloaded: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def download(config: TrainConfig, progress: Any) -> None:
        progress(0.5)
        print("trying the next mirror")
        print("0%|  |", file=sys.stderr)
        raise DataError("MNIST could not be downloaded: check the network.")

    not_downloaded.setattr(cli_train, "download", download)
    assert main(["train", "--dataset", "mnist", "--out", str(tmp_path / "new")]) == 2
    shown = capsys.readouterr()
    assert shown.out == "Downloading MNIST …\n"
    assert shown.err == "wgan_core: MNIST could not be downloaded: check the network.\n"
    assert not (tmp_path / "new").exists()


def test_ctrl_c_during_a_download_leaves_nothing(
    not_downloaded: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    not_downloaded.setattr(cli_train, "download", lambda config, progress: signal.raise_signal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        assert main(["train", "--dataset", "mnist", "--out", str(tmp_path / "new")]) == 130
    except KeyboardInterrupt:  # would end the whole session of tests
        pytest.fail("main let the KeyboardInterrupt through")
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "wgan_core: Interrupted.\n"
    assert not (tmp_path / "new").exists()


def test_ctrl_c_twice_within_a_step_still_saves_that_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from wgan_core.training.trainer import Trainer

    before, train_step = signal.getsignal(signal.SIGINT), Trainer.train_step

    def interrupted(trainer: Trainer) -> Any:
        if trainer.step == 4:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return train_step(trainer)

    monkeypatch.setattr(Trainer, "train_step", interrupted)
    assert train(tmp_path / "run", "--max-steps", "90") == 0
    folder = RunFolder.open(tmp_path / "run")
    assert folder.steps() == [0, 5] and folder.status() == "stopped" and not folder.is_held()
    shown = capsys.readouterr().out
    assert shown.startswith("Stopped at step 5.") and shown.rstrip().endswith("--max-steps 90")
    assert signal.getsignal(signal.SIGINT) is before


def test_no_memory_while_setting_up_is_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("wgan_core.runs.launch.Trainer", full)
    assert train(tmp_path / "run") == 1
    assert capsys.readouterr().err == ("wgan_core: There is not enough memory: use a smaller batch size, image size or smaller networks.\n")


def test_a_closed_log_does_not_end_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    assert train(tmp_path / "run", "--max-steps", "5") == 0
    assert RunFolder.open(tmp_path / "run").status() == "finished"


def test_a_terminal_gets_a_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert train(tmp_path / "run", "--max-steps", "30") == 0
    last = terminal.getvalue().rstrip().split("\r")[-1]
    assert last.startswith("100%|") and "| 30/30 [" in last and "<00:00," in last
    assert "steps/s" in last and "Wasserstein estimate " in last and "10 generator updates" in last


def test_a_log_gets_a_line_every_ten_seconds_and_at_the_end(config: TrainConfig, capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    reporter = cli_train._Reporter(lambda: now[0])
    for seconds in range(25):
        now[0] = 100.0 + seconds
        reporter.show(Snapshot("r", seconds, "running", config, step=seconds, steps_per_second=4.0))
    reporter.show(Snapshot("r", 25, "finished", config, step=60, steps_per_second=4.0))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["0/60", "10/60", "20/60", "60/60"]
    assert "4 steps/s" in lines[2] and lines[2].endswith("00:10 left")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="about POSIX pipes")
def test_a_reader_that_leaves_early_is_no_error(run: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "wgan_core", "info", str(run)]
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        done = subprocess.run(command, cwd=PROJECT, env=buffered, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def info(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `info --json` prints; NaN and Infinity, which are not JSON, are refused."""
    capsys.readouterr()
    assert main(["info", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out, parse_constant=forbidden)


def test_info_tells_edits_and_what_differs_from_a_preset(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run"
    assert main(["train", "--preset", "quick-start", "--max-steps", "5", "--out", str(path)]) == 0
    assert main(["train", "--resume", str(path), "--max-steps", "10", "--clip-value", "0.5"]) == 0
    facts = info(path, capsys)
    assert facts["nearest_preset"] == "quick-start"
    assert facts["differs_from_it_in"] == {"clip_value": 0.5, "max_steps": 10}
    assert sorted(facts["edits"]) == ["step 5: clip_value 0.01 -> 0.5", "step 5: max_steps 5 -> 10"]
    row = RunFolder.open(path).read_metrics()[-1]
    assert [facts["wasserstein_estimate"], facts["real_score"], facts["fake_score"]] == [row[3], row[6], row[7]]
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    assert facts["megabytes"] == pytest.approx(size / 1e6, abs=0.01)
    assert main(["info", str(path)]) == 0
    assert "differs from it in  clip_value 0.5, max_steps 10" in capsys.readouterr().out


def test_info_of_a_run_that_lost_things(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    meta = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(meta | {"dataset": {}}))
    (run / "metrics.csv").unlink()
    facts = info(run, capsys)
    assert (facts["step"], facts["wasserstein_estimate"], facts["steps_per_second"]) == (30, None, None)
    assert facts["dataset"] == dict.fromkeys(("name", "images", "shape", "source", "fingerprint"))
