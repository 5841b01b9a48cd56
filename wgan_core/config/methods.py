"""The Lipschitz methods: what keeps a critic from becoming arbitrarily steep."""

from __future__ import annotations

from typing import Literal

MethodName = Literal["clip", "gradient-penalty", "one-sided-penalty", "r1-penalty", "divergence-penalty", "spectral-norm", "none"]

PENALTIES = ("gradient-penalty", "one-sided-penalty", "r1-penalty", "divergence-penalty")
"""Those that are a penalty on the critic's slope, with the weight λ."""
