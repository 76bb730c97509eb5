"""How long a run is, and how the learning rate goes over it."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Steps, and of a run so short that they would be much of it, the share they may be.
WARM_UP = 200
LONGEST_WARM_UP = 0.05
FLOOR = 0.01

# Factors of the learning rate a fifth of the run, as the authors' public code sets them without and with --aldk.
PUBLIC_PLAIN = (1.0, 1 / 8, 1 / 16, 1 / 32, 1 / 64)
PUBLIC_ALDK = (1.0, 1.0, 1.0, 1 / 2, 1 / 4)


def _cosine(progress: float) -> float:
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress))


def _fifth(factors: tuple[float, ...], progress: float) -> float:
    return factors[min(int(5 * progress), 4)]


SCHEDULES = {
    "cosine": _cosine,
    "flat": lambda progress: 1.0,
    # Of On-the-Fly Guidance.
    "poly": lambda progress: (1.0 - progress) ** 0.9,
    # Five falling steps, each annealed by its own cosine: what plain LDR gets in the public code.
    "public": lambda progress: _fifth(PUBLIC_PLAIN, progress) * 0.5 * (1 + math.cos(math.pi * ((5 * progress) % 1.0))),
    # What anything trained with --aldk gets there: a much larger rate for most of the run.
    "public-aldk": lambda progress: _fifth(PUBLIC_ALDK, progress),
}


@dataclass(frozen=True)
class Schedule:
    """The end of a run in iterations or, if ``iterations`` is 0, in minutes of training over all its sessions.

    ``epoch``: steps in an epoch, 0 where the run is counted in minutes.
    """

    iterations: int = 0
    minutes: float = 60.0
    learning_rate: float = 5e-4
    shape: str = "cosine"
    epoch: int = 0

    def progress(self, iteration: int, seconds: float) -> float:
        """How far the run is, 0 to 1."""
        done = iteration / self.iterations if self.iterations else seconds / (60.0 * self.minutes)
        return min(done, 1.0)

    def rate(self, iteration: int, progress: float) -> float:
        """The learning rate of a step: the schedule's, after a linear warm-up."""
        warm_up = min(WARM_UP, max(1, int(LONGEST_WARM_UP * self.iterations))) if self.iterations else WARM_UP
        return self.learning_rate * min(1.0, (iteration + 1) / warm_up) * SCHEDULES[self.shape](progress)
