"""The end of a program: sampling, and running everything as a script or cell by cell."""

from __future__ import annotations

from wgan_core.config import TrainConfig, guessing_loss, is_penalised, is_wasserstein
from wgan_core.export import classes_text
from wgan_core.export.classes_text import is_told
from wgan_core.export.networks import has_batch_norm, noun
from wgan_core.export.objective_text import first_number
from wgan_core.export.sections import Section
from wgan_core.timeline.fixed import COLUMNS, GRID, SCATTER

_SAMPLE = '''\
@torch.no_grad()
def sample({arguments}):
    """{what}{mode}."""
    rngs = [torch.Generator().manual_seed(SEED + i) for i in range({count})]
    z = torch.stack([torch.randn(LATENT_DIM, generator=rng) for rng in rngs])
{made}'''

_SAME = "{what} for the same {count} latents each time"

_EVAL = """\
    made = generator.eval()({inputs})
    generator.train()
    return made"""

_SCATTER = '''


def picture(points):
    """An image [1, 256, 256] that is white where there are points, y upward."""
    sides = [-LIMIT, LIMIT, -LIMIT, LIMIT]
    counts = torch.histogramdd(points.cpu(), [256, 256], range=sides).hist
    return (counts > 0).float().T.flip(0)[None]'''


def _sample(config: TrainConfig, classes: int) -> str:
    batch_norm, points, told = has_batch_norm(config), noun(config) == "points", is_told(config)
    count = SCATTER if points else COLUMNS if told else GRID
    before = classes_text.inputs_of_samples(config, classes, count) if told else []
    inputs = "inputs" if told else "z.to(DEVICE)"
    same = _SAME.format(what=noun(config).capitalize(), count=count)
    text = _SAMPLE.format(
        what=f"A row of {count} images for each class" if told and not points else same,
        arguments=_with_data(config, "generator"),
        count=count,
        mode="; BatchNorm uses its running statistics" if batch_norm else "",
        made="\n".join([*before, _EVAL.format(inputs=inputs) if batch_norm else f"    return generator({inputs})"]),
    )
    return text + _SCATTER if points else text


_MAIN = """\
def main():
{threads}    generator, critic = build_networks()
{training}
    for step, {number}, generator_loss in itertools.islice(training, STEPS):
        if step % 100 == 0 or step == STEPS:
            print(f"step {{step}}  {number} {{{number}:.4f}}  generator loss {{generator_loss:.4f}}")
        if step % 1000 == 0 or step == STEPS:
            {save}


if __name__ == "__main__":
    main()"""


_ONE_THREAD = "    torch.set_num_threads(1)  # more threads would split the sums, which changes the last bits\n"


def _with_data(config: TrainConfig, generator: str) -> str:
    """What `sample` is given: the data, too, if it looks there how often each class is."""
    return f"{generator}, data" if is_told(config) and noun(config) == "points" else generator


def script_end(config: TrainConfig, classes: int = 0) -> list[Section]:
    """The sections after the training loop of a script. classes: number of those that the networks are told."""
    save = f'save_image(sample({_shown(config)}), "samples.png", normalize=True, value_range=(-1, 1))'
    if noun(config) == "points":
        save = f'save_image(picture(sample({_shown(config)})), "samples.png")'
    started = ["data = load_data()", *_start(config, "data")] if is_told(config) else _start(config)
    start = "\n".join(f"    {line}" for line in started)
    main = _MAIN.format(number=first_number(config), threads=_ONE_THREAD if config.rounding == "exact" else "", training=start, save=save)
    return [Section("Samples", "", _sample(config, classes)), Section("The program", "", main)]


def _start(config: TrainConfig, data: str = "load_data()") -> list[str]:
    if config.ema_decay:
        return ["averaged = copy.deepcopy(generator)", f"training = train(generator, critic, {data}, averaged)"]
    return [f"training = train(generator, critic, {data})"]


def _shown(config: TrainConfig) -> str:
    generator = "averaged" if config.ema_decay else "generator"
    if config.ema_decay and has_batch_norm(config):
        generator = "settle(averaged, data)" if is_told(config) else "settle(averaged)"
    return _with_data(config, generator)


_NOTEBOOK_LOOP = """\
for step, {number}, generator_loss in itertools.islice(training, STEPS):
    {numbers}.append({number}.item())
    if step % PRINT_EVERY == 0 or step == STEPS:
        epoch, batch = divmod(step - 1, len(data) // BATCH_SIZE)
        place = f"[Epoch {{epoch + 1}}] [Batch {{batch + 1}}/{{len(data) // BATCH_SIZE}}]"
        print(f"{{place}} [{loss}] [Generator loss: {{generator_loss:.6f}}]")"""

_NOTEBOOK_CURVE = '''\
def curve(values, width=720, height=220):
    """The values as a line, from left to right, with the lowest and the highest value written next to it."""
    low, high = min(values), max(values)
    across, up = width / max(1, len(values) - 1), height / ((high - low) or 1)
    points = " ".join(f"{i * across:.1f},{(high - y) * up:.1f}" for i, y in enumerate(values))
    return SVG(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -20 {width + 8} {height + 40}">'
        f'<text y="-6" font-size="12">{high:.4f}</text>'
        f'<text y="{height + 16}" font-size="12">{low:.4f}</text>'
        f'<polyline points="{points}" fill="none" stroke="#1f77b4"/></svg>'
    )


display(curve({numbers}))'''

_CURVE_WORDS = {
    "estimate": (
        "The Wasserstein estimate",
        "It rises while the critic learns and falls as the generator catches up. Its scale depends on the critic.",
    ),
    "loss": (
        "The critic's loss",
        "{guessing:.4g} for a critic that can only guess, 0 for one that is always right. It does not show how good the samples are.",
    ),
}

_NOTEBOOK_GRID = """\
grid = make_grid(sample({shown}){columns}, normalize=True, value_range=(-1, 1))
display(to_pil_image(grid.cpu()).resize((2 * grid.shape[2], 2 * grid.shape[1])))"""


def _printed(config: TrainConfig) -> str:
    """What a printed line tells of the critic. The penalty is not handed out by the loop, so with one it is the estimate."""
    if not is_wasserstein(config):
        return "Critic loss: {loss:.6f}"
    return "Critic loss: {-estimate:.6f}" if not is_penalised(config) else "Wasserstein estimate: {estimate:.6f}"


def notebook_end(config: TrainConfig, classes: int = 0) -> list[Section]:
    """The sections after the training loop of a notebook. classes: number of those that the networks are told."""
    number = first_number(config)
    numbers = "estimates" if number == "estimate" else "losses"
    start = ["generator, critic = build_networks()", "data = load_data()", *_start(config, "data"), f"{numbers} = []"]
    start.append("PRINT_EVERY = 500  # batches from one printed line to the next; 1 prints every batch")
    title, says = _CURVE_WORDS[number]
    loop = _NOTEBOOK_LOOP.format(number=number, numbers=numbers, loss=_printed(config))
    grid = _NOTEBOOK_GRID.format(shown=_shown(config), columns="" if is_told(config) else "[:50], nrow=10")
    if noun(config) == "points":
        grid = f"display(to_pil_image(picture(sample({_shown(config)}))))"
    return [
        Section("Samples", "The same latents every time, so that pictures of different steps can be compared.", _sample(config, classes)),
        Section("Start", "Networks, data and the loop; nothing is trained yet.", "\n".join(start)),
        Section("Train", "`STEPS` critic updates. Run this cell again to continue from where it stopped.", loop),
        Section(title, says.format(guessing=guessing_loss(config)), _NOTEBOOK_CURVE.replace("{numbers}", numbers)),
        Section("What the generator makes", "", grid),
    ]
