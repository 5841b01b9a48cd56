"""The end of a program: sampling, and running everything as a script or cell by cell."""

from __future__ import annotations

from wgan_core.config import TrainConfig, is_wasserstein
from wgan_core.export.networks import has_batch_norm, noun
from wgan_core.export.objective_text import first_number
from wgan_core.export.sections import Section

_SAMPLE = '''\
@torch.no_grad()
def sample(generator):
    """{what} for the same {count} latents each time{mode}."""
    rngs = [torch.Generator().manual_seed(SEED + i) for i in range({count})]
    z = torch.stack([torch.randn(LATENT_DIM, generator=rng) for rng in rngs])
{made}'''

_EVAL = """\
    made = generator.eval()(z.to(DEVICE))
    generator.train()
    return made"""

_SCATTER = '''


def picture(points):
    """An image [1, 256, 256] that is white where there are points, y upward."""
    sides = [-LIMIT, LIMIT, -LIMIT, LIMIT]
    counts = torch.histogramdd(points.cpu(), [256, 256], range=sides).hist
    return (counts > 0).float().T.flip(0)[None]'''


def _sample(config: TrainConfig) -> str:
    batch_norm, points = has_batch_norm(config), noun(config) == "points"
    text = _SAMPLE.format(
        what=noun(config).capitalize(),
        count=512 if points else 64,
        mode="; BatchNorm uses its running statistics" if batch_norm else "",
        made=_EVAL if batch_norm else "    return generator(z.to(DEVICE))",
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


def script_end(config: TrainConfig) -> list[Section]:
    """The sections after the training loop of a script."""
    save = f'save_image(sample({_shown(config)}), "samples.png", normalize=True, value_range=(-1, 1))'
    if noun(config) == "points":
        save = f'save_image(picture(sample({_shown(config)})), "samples.png")'
    start = "\n".join(f"    {line}" for line in _start(config))
    main = _MAIN.format(number=first_number(config), threads=_ONE_THREAD if config.rounding == "exact" else "", training=start, save=save)
    return [Section("Samples", "", _sample(config)), Section("The program", "", main)]


def _start(config: TrainConfig, data: str = "load_data()") -> list[str]:
    if config.ema_decay:
        return ["averaged = copy.deepcopy(generator)", f"training = train(generator, critic, {data}, averaged)"]
    return [f"training = train(generator, critic, {data})"]


def _shown(config: TrainConfig) -> str:
    if not config.ema_decay:
        return "generator"
    return "settle(averaged)" if has_batch_norm(config) else "averaged"


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
        "2 log 2 = 1.386 for a critic that can only guess, 0 for one that is always right. It does not show how good the samples are.",
    ),
}

_NOTEBOOK_GRID = """\
grid = make_grid(sample({shown})[:50], nrow=10, normalize=True, value_range=(-1, 1))
display(to_pil_image(grid.cpu()).resize((2 * grid.shape[2], 2 * grid.shape[1])))"""


def _printed(config: TrainConfig) -> str:
    """What a printed line tells of the critic. The penalty is not handed out by the loop, so with one it is the estimate."""
    if not is_wasserstein(config):
        return "Critic loss: {loss:.6f}"
    return "Critic loss: {-estimate:.6f}" if config.lipschitz != "gradient-penalty" else "Wasserstein estimate: {estimate:.6f}"


def notebook_end(config: TrainConfig) -> list[Section]:
    """The sections after the training loop of a notebook."""
    number = first_number(config)
    numbers = "estimates" if number == "estimate" else "losses"
    start = ["generator, critic = build_networks()", "data = load_data()", *_start(config, "data"), f"{numbers} = []"]
    start.append("PRINT_EVERY = 500  # batches from one printed line to the next; 1 prints every batch")
    loop = _NOTEBOOK_LOOP.format(number=number, numbers=numbers, loss=_printed(config))
    grid = _NOTEBOOK_GRID.format(shown=_shown(config))
    if noun(config) == "points":
        grid = f"display(to_pil_image(picture(sample({_shown(config)}))))"
    return [
        Section("Samples", "The same latents every time, so that pictures of different steps can be compared.", _sample(config)),
        Section("Start", "Networks, data and the loop; nothing is trained yet.", "\n".join(start)),
        Section("Train", "`STEPS` critic updates. Run this cell again to continue from where it stopped.", loop),
        Section(*_CURVE_WORDS[number], _NOTEBOOK_CURVE.replace("{numbers}", numbers)),
        Section("What the generator makes", "", grid),
    ]
