"""The background thread: progress, outcome, errors and cancellation, without Qt."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.runtime.worker import Worker


@pytest.fixture
def worker() -> Any:
    made = Worker("test worker")
    yield made
    made.close()


def test_result_and_progress(worker: Worker) -> None:
    def compute(progress: Any, cancelled: Any) -> str:
        progress(0.0, "first")
        progress(0.5, "second")
        return threading.current_thread().name

    task = worker.submit(compute)
    assert task.wait(10)
    assert task.result == "test worker"
    assert task.error is None
    assert task.takeProgress() == [(0.0, "first"), (0.5, "second")]
    assert task.takeProgress() == []


def test_tasks_share_one_thread_in_order(worker: Worker) -> None:
    order: list[int] = []
    tasks = [worker.submit(lambda progress, cancelled, n=n: order.append(n) or threading.get_ident()) for n in range(5)]
    assert all(task.wait(10) for task in tasks)
    assert order == [0, 1, 2, 3, 4]
    assert len({task.result for task in tasks}) == 1


def test_error_is_handed_over(worker: Worker) -> None:
    def compute(progress: Any, cancelled: Any) -> None:
        raise RegistrationError("nothing to align")

    task = worker.submit(compute)
    assert task.wait(10)
    assert str(task.error) == "nothing to align"
    assert "in compute" in task.errorDetails
    assert not task.wasCancelled
    assert worker.submit(lambda progress, cancelled: 1).wait(10), "the thread goes on"


@pytest.mark.parametrize("how", ["raises", "returns"])
def test_cancel(worker: Worker, how: str) -> None:
    started = threading.Event()

    def compute(progress: Any, cancelled: Any) -> str:
        started.set()
        while not cancelled():
            pass
        if how == "raises":
            raise RegistrationCancelled("stopped")
        return "too late"

    task = worker.submit(compute)
    assert started.wait(10)
    task.cancel()
    assert task.wait(10)
    assert task.wasCancelled


def test_task_cancelled_before_its_turn_is_not_computed(worker: Worker) -> None:
    release = threading.Event()
    ran: list[int] = []
    first = worker.submit(lambda progress, cancelled: release.wait(10))
    second = worker.submit(lambda progress, cancelled: ran.append(1))
    second.cancel()
    release.set()
    assert first.wait(10) and second.wait(10)
    assert ran == []


def test_inputs_are_released(worker: Worker) -> None:
    class Volume:
        pass

    volume = Volume()
    reference = weakref.ref(volume)

    def compute(progress: Any, cancelled: Any, held: Any = volume) -> None:
        raise ValueError

    task = worker.submit(compute)
    assert task.wait(10)
    del compute, volume
    gc.collect()
    assert reference() is None
    assert isinstance(task.error, ValueError)


def test_close_ends_the_thread_and_allows_another(worker: Worker) -> None:
    assert worker.submit(lambda progress, cancelled: 1).wait(10)
    worker.close()
    assert "test worker" not in [thread.name for thread in threading.enumerate()]
    assert worker.submit(lambda progress, cancelled: 1).wait(10)


@pytest.mark.parametrize("before", [True, False])
def test_no_garbage_is_collected_while_a_task_runs(before: bool) -> None:
    """Not in its thread, nor, while it runs, in any other; afterwards as before."""
    collections: list[str] = []
    workers = [Worker("first"), Worker("second")]
    both = threading.Barrier(2)

    def compute(progress: Any, cancelled: Any) -> None:
        both.wait(10)
        # Without a collection in between none of this would go.
        for _ in range(20_000):
            circle: list[Any] = []
            circle.append(circle)
        both.wait(10)

    def note(phase: str, info: Any) -> None:
        collections.append(threading.current_thread().name)

    was = gc.isenabled()
    (gc.enable if before else gc.disable)()
    gc.callbacks.append(note)
    try:
        tasks = [worker.submit(compute) for worker in workers]
        assert all(task.wait(10) for task in tasks)
        for worker in workers:
            worker.close()
        assert gc.isenabled() is before
        assert "first" not in collections and "second" not in collections
    finally:
        gc.callbacks.remove(note)
        (gc.enable if was else gc.disable)()
