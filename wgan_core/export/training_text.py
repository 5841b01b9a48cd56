"""Program text for the training loop. Only what a config uses is written, so the reader has no settings to look up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from wgan_core.config import SETTINGS, TrainConfig, has_schedule, in_use, is_penalised, is_scheduled, is_wasserstein, live_fields
from wgan_core.export import augment_text, classes_text
from wgan_core.export.networks import has_batch_norm, noun, number
from wgan_core.export.objective_text import GENERATOR_LOSS, critic_loss, first_number, generator_says, number_in_words
from wgan_core.export.penalty_text import penalty_section, with_penalty
from wgan_core.export.schedule_text import IN_FORCE, is_over_updates, schedule_lines
from wgan_core.export.sections import Section
from wgan_core.store.ledger import Edit
from wgan_core.training import warmup
from wgan_core.training.averaging import BATCH, LATENTS, NEAREST

# The name of each live setting in the loop: as a constant, and as a variable if it is edited.
_IN_LOOP = {"clip_value": "CLIP_VALUE", "gp_lambda": "GP_LAMBDA", "n_critic": "N_CRITIC"}
_RATES = {"critic_lr": "critic_optimizer", "generator_lr": "generator_optimizer"}
_IN_SCHEDULE = {
    "critic_lr": "CRITIC_LR",
    "generator_lr": "GENERATOR_LR",
    "clip_end": "CLIP_END",
    "gp_lambda_end": "GP_LAMBDA_END",
    "n_critic_end": "N_CRITIC_END",
    "max_steps": "SCHEDULE_STEPS",
}


def settings_in_loop(config: TrainConfig) -> frozenset[str]:
    """The live settings that this config's loop reads. Edits of other settings do not change the weights."""
    recipe = {name for name in live_fields() if SETTINGS[name].group == "recipe"}
    assert recipe == {*_IN_LOOP, *_IN_SCHEDULE} - {"max_steps"}, "every live setting of the recipe must be written into the loop"
    length = has_schedule(config) and not config.schedule_updates
    return frozenset(name for name in recipe if in_use(config, name)) | frozenset(("max_steps",) if length else ())


def _constants(config: TrainConfig) -> dict[str, str]:
    """The constants that the loop reads, by setting."""
    in_schedule = {name: constant for name, constant in _IN_SCHEDULE.items() if name not in _RATES or is_scheduled(config, name)}
    return _IN_LOOP | in_schedule


def training(config: TrainConfig, edits: Sequence[Edit]) -> list[Section]:
    """The sections from the penalty, if there is one, to the loop.

    Args:
        config: as at the beginning of the run.
        edits: only of `settings_in_loop`, ordered by step.
    """
    sections = [*([penalty_section(config)] if is_penalised(config) else []), *([_average(config)] if config.ema_decay else [])]
    updates = [*_critic_update(config, edits), "", *_generator_update(config, edits)]
    loop = "\n".join([*_beginning(config, edits), *_indented(2, updates)])
    what = noun(config)
    says = (
        "Each step is one critic update. After every `N_CRITIC` of them comes a generator update, because the generator's gradient is only "
        "as good as the critic. "
    )
    says += number_in_words(config, what)
    return [*sections, Section("Training", says, loop)]


_SETTLED = '''


@torch.no_grad()
def settle({averaged}):
    """The averaged generator with BatchNorm statistics of its own, from {latents} latents."""
    evenly = torch.quasirandom.SobolEngine(LATENT_DIM, scramble=True, seed=SEED)
    z = torch.special.ndtri(evenly.draw({latents}).clamp({nearest}, 1 - {nearest}))
{inputs}    update_bn({of}.split({batch}), averaged)
    return averaged'''


def _average(config: TrainConfig) -> Section:
    code = '''\
@torch.no_grad()
def follow(averaged, generator, updates):
    """Move the averaged weights towards the generator's, faster at first to forget the start."""
    decay = min(EMA_DECAY, (1 + updates) / (10 + updates))
    for average, parameter in zip(averaged.parameters(), generator.parameters(), strict=True):
        average.lerp_(parameter, 1 - decay)'''
    says = "The averaged generator has a moving average of the generator's weights. It flickers less, and its samples are often better."
    if has_batch_norm(config):
        latents = LATENTS[config.architecture == "mlp"]
        told = classes_text.is_told(config)
        inputs = f"    inputs = with_classes(z.to(DEVICE), as_rows(shared_out(data, {latents})))\n" if told else ""
        of, averaged = ("inputs", "averaged, data") if told else ("z.to(DEVICE)", "averaged")
        code += _SETTLED.format(latents=latents, batch=BATCH, nearest=NEAREST, inputs=inputs, of=of, averaged=averaged)
        says += " What its layers pass on is distributed otherwise than in the generator, so BatchNorm needs statistics of its own."
    return Section("The averaged generator", says, code)


def _name(field: str, edits: Sequence[Edit]) -> str:
    """The name of a setting in the loop: its constant, or a variable if it is edited."""
    return field if _is_edited(field, edits) else (_IN_LOOP | _IN_SCHEDULE)[field]


def _now(field: str, config: TrainConfig, edits: Sequence[Edit]) -> str:
    """The name of the value in force of a setting that may have a schedule."""
    return IN_FORCE[field] if is_scheduled(config, field) else _name(field, edits)


def _is_edited(field: str, edits: Sequence[Edit]) -> bool:
    return any(edit.field == field for edit in edits)


def _warms_up(config: TrainConfig) -> bool:
    return config.critic_warmup == "original"


def _numbers_updates(config: TrainConfig) -> bool:
    """Whether anything depends on how many generator updates have been done."""
    return _warms_up(config) or config.ema_decay > 0 or is_over_updates(config)


def _counts(config: TrainConfig, edits: Sequence[Edit]) -> bool:
    """Whether critic updates are counted, because the generator's update does not simply follow every n-th step."""
    return _is_edited("n_critic", edits) or _warms_up(config) or is_scheduled(config, "n_critic")


def _beginning(config: TrainConfig, edits: Sequence[Edit]) -> list[str]:
    kind, options = ("Adam", ", betas=BETAS") if config.optimizer == "adam" else ("RMSprop", "")
    labels = ["labels = labels_of(data).to(DEVICE)"] if classes_text.is_told(config) else []
    variables = [f"{field} = {constant}" for field, constant in _constants(config).items() if _is_edited(field, edits)]
    if _counts(config, edits):
        variables.append("critic_updates = 0  # since the last generator update")
    if _numbers_updates(config):
        variables.append("generator_updates = 0")
    return [
        f"def train(generator, critic, data{', averaged' if config.ema_decay else ''}):",
        f'    """Train endlessly; each step yields its number, the {first_number(config)} and the generator loss."""',
        f"    critic_optimizer = torch.optim.{kind}(critic.parameters(), lr=CRITIC_LR{options})",
        f"    generator_optimizer = torch.optim.{kind}(generator.parameters(), lr=GENERATOR_LR{options})",
        "    rng = torch.Generator(DEVICE).manual_seed(SEED + 1)  # for the noise",
        "    generator_loss = torch.tensor(torch.nan)",
        *_indented(1, [*labels, *variables]),
        f"    for {classes_text.loop_over(config)} in enumerate(batches(data), start=1):",
        *_indented(2, _edit_lines(config, edits)),
        *_indented(2, schedule_lines(config, lambda name: _name(name, edits))),
    ]


def _edit_lines(config: TrainConfig, edits: Sequence[Edit]) -> list[str]:
    lines: list[str] = []
    for step, group in groupby(edits, key=lambda edit: edit.step):
        lines.append(f"if step == {number(step + 1)}:  # at this step the run's settings were changed")
        for edit in group:
            in_optimizer = edit.field in _RATES and not is_scheduled(config, edit.field)
            target = f'{_RATES[edit.field]}.param_groups[0]["lr"]' if in_optimizer else edit.field
            lines.append(f"    {target} = {number(edit.new)}")
    return [*lines, ""] if lines else []


def _critic_update(config: TrainConfig, edits: Sequence[Edit]) -> list[str]:
    lines = [
        f"# The critic learns to score real {noun(config)} high and generated ones low.",
        "z = torch.randn(BATCH_SIZE, LATENT_DIM, generator=rng, device=DEVICE)",
        classes_text.told(config, "fake = generator(z).detach()") + "  # the generator does not learn here",
        *(augment_text.BEFORE_THE_CRITIC if augment_text.is_augmented(config) else []),
        *(classes_text.told(config, line) for line in critic_loss(config)),
    ]
    loss = "-estimate" if is_wasserstein(config) else "loss"
    if is_penalised(config):
        added, loss = with_penalty(config, loss, _now("gp_lambda", config, edits))
        lines += added
    zero = "critic_optimizer.zero_grad()  # also removes what the generator's update left in it"
    if config.critic_gradients == "accumulated":
        zero = "# critic_optimizer.zero_grad() is left out: this is the mistake that the run demonstrates."
    lines += [
        zero,
        f"{loss if loss.isidentifier() else f'({loss})'}.backward()",
        "critic_optimizer.step()",
    ]
    return [*lines, *_clipping(config, edits)] if config.lipschitz == "clip" else lines


def _clipping(config: TrainConfig, edits: Sequence[Edit]) -> list[str]:
    value = _now("clip_value", config, edits)
    clamp = f"parameter.clamp_(-{value}, {value})"
    body = [clamp]
    if config.clipped == "weights":
        body = ["if parameter.ndim > 1:  # weights only: biases and norms do not make it steeper", f"    {clamp}"]
    return [
        "# Small weights keep the critic from being too steep (WGAN, algorithm 1, line 7).",
        "with torch.no_grad():",
        "    for parameter in critic.parameters():",
        *_indented(2, body),
    ]


def _generator_update(config: TrainConfig, edits: Sequence[Edit]) -> list[str]:
    after = ["follow(averaged, generator, generator_updates)"] if config.ema_decay else []
    if _numbers_updates(config):
        after.append("generator_updates += 1")
    return [
        *generator_says(config, noun(config)),
        *_generator_is_due(config, edits),
        "    z = torch.randn(BATCH_SIZE, LATENT_DIM, generator=rng, device=DEVICE)",
        *_indented(1, _generator_loss(config)),
        "    generator_optimizer.zero_grad()",
        "    generator_loss.backward()",
        "    generator_optimizer.step()",
        *_indented(1, after),
        f"yield step, {first_number(config)}.detach(), generator_loss.detach()",
    ]


def _generator_loss(config: TrainConfig) -> list[str]:
    """From latents `z` to the loss."""
    loss = GENERATOR_LOSS[config.objective]
    if not classes_text.is_told(config):
        return [f"generator_loss = {loss.replace('generator(z)', augment_text.seen_by_the_critic(config, 'generator(z)'))}"]
    augmented = [f"made = {augment_text.seen_by_the_critic(config, 'made')}"] if augment_text.is_augmented(config) else []
    lines = [*classes_text.DRAWN, "made = generator(z)", *augmented, f"generator_loss = {loss.replace('generator(z)', 'made')}"]
    return [classes_text.told(config, line) for line in lines]


def _generator_is_due(config: TrainConfig, edits: Sequence[Edit]) -> list[str]:
    """The condition for a generator update."""
    if not _counts(config, edits):
        return ["if step % N_CRITIC == 0:"]
    wanted, n_critic = [], _now("n_critic", config, edits)
    if _warms_up(config):
        wanted = [
            "# At first, and then from time to time, the critic gets ahead, as in the WGAN authors' code.",
            f"warms_up = generator_updates < {warmup.FIRST_UPDATES} or generator_updates % {warmup.EVERY_UPDATES} == 0",
            f"wanted = {warmup.CRITIC_UPDATES} if warms_up else {n_critic}",
        ]
        n_critic = "wanted"
    return ["critic_updates += 1", *wanted, f"if critic_updates >= {n_critic}:", "    critic_updates = 0"]


def _indented(levels: int, lines: list[str]) -> list[str]:
    return ["    " * levels + line if line else "" for line in lines]
