"""The processes of a job: what process 0 sends to the others, and what those do. The others have no run folder, no progress bar and almost
no output."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from types import FrameType

from wgan_core.config import ConfigError, TrainConfig, parse_config
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.data.load import load_dataset
from wgan_core.runs.loop import RunLoop
from wgan_core.training.device import resolve_device, train_on_this_thread
from wgan_core.training.job import Job
from wgan_core.training.penalty_plan import PenaltyPlan
from wgan_core.training.trainer import Trainer
from wgan_core.training.world import Meeting, PeerLost, World, check_batch, own_device


def open_meeting(meeting: Meeting, config: TrainConfig) -> World:
    """For process 0: tell the others what to train. Raises ConfigError if these processes cannot train with `config`."""
    job = meeting.job
    device = resolve_device(config.device)
    plan = PenaltyPlan.of(config, 1)
    check_batch(config.batch_size, job.size, plan.stride if plan is not None else 1)
    own_device(device, job.local_rank)
    meeting.tell("config", config.model_dump_json())
    _refuse(meeting.settle("device"))
    return World(job.rank, job.size, device)


def begin(meeting: Meeting, world: World, loop: RunLoop) -> None:
    """For process 0, once its `loop` is made: wait for the others and send them the initial state. Raises ConfigError or PeerLost."""
    fingerprint = loop.recorder.folder.meta.get("dataset", {}).get("fingerprint")
    meeting.tell("start", json.dumps([loop.trainer.config.model_dump(mode="json"), fingerprint]))
    _refuse(meeting.settle("ready"))
    meeting.join(world)
    world.share_state(loop.trainer.state_dict())


def follow(job: Job, fetch: Callable[[TrainConfig], None]) -> int:
    """Train as a process of `job` other than the first. Returns the exit code.

    fetch: downloads missing data; called by the first process of each further machine.
    """
    try:
        meeting = Meeting(job)
        ready = _prepare(meeting, fetch)
        if ready is None:
            return 0  # process 0 has printed why
        trainer, world = ready
        meeting.join(world)
        trainer.load_state_dict(world.share_state(None))
        _train(trainer, world)
        world.close()
    except PeerLost as error:
        print(f"wgan_core, process {job.rank}: {error}", file=sys.stderr)
        return 1
    return 0


def _prepare(meeting: Meeting, fetch: Callable[[TrainConfig], None]) -> tuple[Trainer, World] | None:
    """Everything before the first exchange; None if the run does not start."""
    told = meeting.hear("config")
    if not told:
        return None
    config, job = parse_config(json.loads(told)), meeting.job
    try:
        device = resolve_device(config.device)
        own_device(device, job.local_rank)
    except ConfigError as error:
        meeting.settle("device", str(error))
        return None
    if meeting.settle("device") or not meeting.hear("data"):
        return None
    world = World(job.rank, job.size, device)
    crew = train_on_this_thread(config.threads)
    try:
        dataset = _load(meeting, config, fetch)
        trainer = Trainer(config, dataset, world, crew)
    except (DataError, OSError, ValueError) as error:
        meeting.settle("ready", f"Process {job.rank}: {error}")
        return None
    start = meeting.hear("start")
    if not start:
        return None
    now, fingerprint = json.loads(start)
    trainer.configure(parse_config(now))
    same = fingerprint in (None, dataset.fingerprint)
    problem = "" if same else f"Process {job.rank} has other data than process 0: give every machine the same data folder."
    return None if meeting.settle("ready", problem) else (trainer, world)


def _load(meeting: Meeting, config: TrainConfig, fetch: Callable[[TrainConfig], None]) -> Dataset:
    job = meeting.job
    here = f"data of machine {job.machine}"
    if job.machine > 0 and job.local_rank == 0:
        try:
            fetch(config)
        finally:
            meeting.tell(here, "there")
    elif job.machine > 0:
        meeting.hear(here)
    return load_dataset(config)


def _train(trainer: Trainer, world: World) -> None:
    """Train in step with process 0. Both end at the same point: at the last step, at a score that is not finite, or when asked to stop."""

    def ask(number: int, frame: FrameType | None) -> None:
        world.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    while trainer.step < trainer.config.max_steps and not world.stopping:
        scores = trainer.train_step()
        if world.device.type == "cpu" and not scores.are_finite:
            return


def _refuse(problem: str) -> None:
    if problem:
        raise ConfigError(problem)
