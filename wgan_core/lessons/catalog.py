"""The lessons by name: what a list of them needs. Uses no PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Lesson:
    """One lesson, as lists show it."""

    title: str
    sentence: str
    """What the learner finds out."""
    minutes: int
    """How long it takes, when every training is watched to its end."""


LESSONS: MappingProxyType[str, Lesson] = MappingProxyType(
    {
        "noise": Lesson("From noise to picture", "A generator turns random numbers into pictures. Watch one learn to write digits.", 4),
        "distance": Lesson(
            "How far apart?", "Two ways to measure how far apart two sets of points are, and why only one shows the way.", 4
        ),
        "landscape": Lesson("The critic is a landscape", "The critic's scores are hills and valleys, and generated points walk uphill.", 4),
        "clipping": Lesson("Not too steep: the clip value", "Why the critic must not be steep. Break it with a clip value of your own.", 5),
        "n-critic": Lesson("How often the critic trains: n_critic", "One critic update for each generator update, or fifty? Try both.", 4),
        "curve": Lesson("Reading the curve", "Draw how the estimate will go, and find out what it tells you and what it never tells.", 4),
        "gradient-penalty": Lesson(
            "The gradient penalty", "A gentler way to keep the critic from being steep, side by side with clipping.", 4
        ),
        "pictures": Lesson(
            "From points to pictures", "The same knobs on real images: clip value and n_critic decide what the digits look like.", 5
        ),
        "gan": Lesson("WGAN against an ordinary GAN", "Side by side on the same points: what differs, and what collapse looks like.", 5),
    }
)
"""By their names in links, in the order in which they build on each other."""

CODE = "code"
"""What links call the page that explains the walkthrough's program."""
CODE_TITLE = "The code, line by line"
CODE_SENTENCE = "The walkthrough as a program of 149 lines, and beside them what they do. For people who know a little Python."
