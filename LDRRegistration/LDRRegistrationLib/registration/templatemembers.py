"""The images of a template, each registered to it, one or several at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from ..runtime.errors import RegistrationCancelled
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback
from ..space.image import Image
from ..space.transform import Transform
from .models import ModelStore
from .register import register
from .settings import Settings
from .verdict import Verdict


@dataclass
class Member:
    """An image's ``transform`` maps points of the template to its points. One that failed is no part of the average."""

    name: str
    transform: Transform
    verdict: Verdict

    @property
    def counts(self) -> bool:
        return self.verdict.grade != "failed"


@dataclass(frozen=True)
class Registering:
    """How the images of a template are registered, ``jobs`` at a time, in threads that share the network.

    ``deforms`` as in ``buildTemplate``; ``rounds`` in all are what ``progress`` is counted in.
    """

    settings: Settings
    models: ModelStore
    deforms: bool
    rounds: int
    jobs: int = 1
    progress: ProgressCallback | None = None
    cancelled: CancelCallback | None = None

    def members(
        self,
        images: Sequence[Image],
        order: Sequence[int],
        fixed: Image,
        before: Sequence[Member] | None,
        first: int | None,
        done: int,
    ) -> list[Member]:
        """One of each image, in their own order, registered to ``fixed`` in that of ``order``, after ``done`` rounds.

        :param before: of the round before, whose linear parts are where to start.
        :param first: the image that ``fixed`` is, which is not registered.
        :raises RegistrationError: one cannot be registered at all.
        """
        isStopped, lock, finished = threading.Event(), threading.Lock(), 0

        def cancelled() -> bool:
            return isStopped.is_set() or (self.cancelled is not None and bool(self.cancelled()))

        def one(count: int, number: int) -> Member:
            nonlocal finished
            if isStopped.is_set():
                raise RegistrationCancelled
            image = images[number]
            if number == first:
                member = Member(image.name, Transform(np.eye(4)), Verdict("good", ""))
            else:
                start = None if before is None else before[number].transform.affine
                tell = self._told(lambda: finished, len(order), done, count)
                result = register(fixed, image, self.settings, self.models, start, tell, cancelled)
                transform = result.transform if self.deforms else Transform(result.transform.affine)
                member = Member(image.name, transform, result.verdict)
            with lock:
                finished += 1
            return member

        if self.jobs == 1:
            found = {number: one(count, number) for count, number in enumerate(order)}
            return [found[number] for number in range(len(order))]
        # Loaded once, before several ask for it.
        self.models.load(self.settings.model)
        with ThreadPoolExecutor(self.jobs, "ldr: template") as pool:
            waiting = {number: pool.submit(one, count, number) for count, number in enumerate(order)}
            try:
                for future in wait(waiting.values(), return_when=FIRST_EXCEPTION).done:
                    future.result()
                return [waiting[number].result() for number in range(len(order))]
            except BaseException:
                # What is wrong with one image ends the others soon.
                isStopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _told(self, finished: Callable[[], int], images: int, done: int, count: int) -> ProgressCallback | None:
        """Of one registration, for the progress of all."""
        progress = self.progress
        if progress is None:
            return None
        text = _("Round {number}, image {count}: {stage}")

        def tell(fraction: float, stage: str) -> None:
            share = (done + (finished() + fraction) / images) / self.rounds
            progress(share, text.format(number=done + 1, count=count + 1, stage=stage))

        return tell
