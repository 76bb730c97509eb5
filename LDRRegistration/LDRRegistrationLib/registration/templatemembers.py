"""The images of a template, each registered to it, one or several at a time."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
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

    ``deforms`` as in ``buildTemplate``.
    """

    settings: Settings
    models: ModelStore
    deforms: bool
    jobs: int = 1
    cancelled: CancelCallback | None = None

    def members(
        self,
        images: Sequence[Image],
        order: Sequence[int],
        fixed: Image,
        before: Sequence[Member] | None,
        first: int | None,
        number: int,
        progress: ProgressCallback | None = None,
    ) -> list[Member]:
        """One of each image, in their own order, registered to ``fixed`` in that of ``order``.

        :param before: of the round before, whose linear parts are where to start.
        :param first: the image that ``fixed`` is, which is not registered.
        :param number: of the round, from 1.
        :raises RegistrationError: one cannot be registered at all.
        """
        isStopped, told = threading.Event(), _Told(progress, number, len(order))

        def cancelled() -> bool:
            return isStopped.is_set() or (self.cancelled is not None and bool(self.cancelled()))

        def one(count: int, which: int) -> Member:
            if isStopped.is_set():
                raise RegistrationCancelled
            image = images[which]
            if which == first:
                member = Member(image.name, Transform(np.eye(4)), Verdict("good", ""))
            else:
                start = None if before is None else before[which].transform.affine
                result = register(
                    fixed, image, self.settings, self.models, start, functools.partial(told.tell, count), cancelled
                )
                transform = result.transform if self.deforms else Transform(result.transform.affine)
                member = Member(image.name, transform, result.verdict)
            told.finished(count)
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


class _Told:
    """How far several registrations are that run at a time, for the progress of all, which never goes back."""

    def __init__(self, progress: ProgressCallback | None, number: int, images: int) -> None:
        self._progress, self._number, self._lock = progress, number, threading.Lock()
        self._fractions = [0.0] * images

    def tell(self, count: int, fraction: float, stage: str) -> None:
        """The image that is number ``count``, from 0, is ``fraction`` done."""
        with self._lock:
            self._fractions[count] = max(fraction, self._fractions[count])
            if self._progress is not None:
                text = _("Round {number}, image {count}: {stage}")
                text = text.format(number=self._number, count=count + 1, stage=stage)
                self._progress(sum(self._fractions) / len(self._fractions), text)

    def finished(self, count: int) -> None:
        with self._lock:
            self._fractions[count] = 1.0
