"""Work in a process of its own, which may crash or hang without taking the caller along."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any


class Worker:
    """One process for call after call, begun anew after each crash."""

    def __init__(self, seconds: float, initializer: Callable[[], None] | None = None) -> None:
        self._seconds, self._initializer = seconds, initializer
        self._pool: ProcessPoolExecutor | None = None

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What ``function`` returns; a BrokenProcessPool if it crashed, a TimeoutError if it took too long."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=self._initializer)
        try:
            return self._pool.submit(function, *arguments).result(timeout=self._seconds)
        except (BrokenProcessPool, TimeoutError) as error:
            self.close()
            return error

    def close(self) -> None:
        if self._pool is not None:
            for process in list((self._pool._processes or {}).values()):
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def quiet() -> None:
    """For a worker whose libraries print about what is damaged."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
