"""Workers on a cluster, by Dask: whoever is connected to its scheduler, as long as its weights are the same.

Dask schedules, repeats what a lost worker had in hand, and takes on workers that come later. Each worker is looked at
when it joins (a plugin) and gets a resource named after its weights only if they are those of the cohort; tasks ask for
that resource, one of which each worker has, so that it registers one pair at a time with all its threads.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from ..commandline.failures import explained
from ..registration.models import ModelStore
from ..runtime.errors import DependencyError, RegistrationError
from .fingerprint import modelDigest
from .worker import Outcome, Task, WarmWorker, modelsFolder, warmUp

SECONDS_TO_CONNECT = 15.0
SECONDS_FOR_A_WORKER = 60
MISSING = (
    "--scheduler needs Dask, which is not installed: run pip install 'ldr-registration[cohort]', or register on this "
    "machine with --jobs."
)


def registerOnCluster(
    tasks: Sequence[Task], address: str, say: Callable[[str], object]
) -> Generator[Outcome, None, None]:
    """The outcome of each task, as they come; ``say`` hears of workers that are refused.

    Every worker has to see the files under the same paths.

    :raises RegistrationError: nobody answers at ``address``, or no worker has the weights of the cohort.
    :raises DependencyError: Dask is not installed.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise DependencyError(MISSING) from error
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise RegistrationError(f"No Dask scheduler answers at {address}.") from error
    with client:
        resource = f"ldr-{tasks[0].settings['model']}"
        _enlist(client, tasks[0], resource, say)
        futures = {}
        for task in tasks:
            futures[client.submit(registerThere, task, resources={resource: 1}, pure=False, retries=0)] = task
        for future, result in as_completed(futures, loop=client.loop, with_results=True, raise_errors=False):
            task = futures[future]
            if isinstance(result, Outcome):
                yield result
            elif future.status == "error":
                reason = future.exception()
                yield Outcome(
                    task.pair.name,
                    "Every worker that tried it was lost: there may be too little memory for it."
                    if isinstance(reason, KilledWorker)
                    else explained(reason, list(task.pair.inputs.values()), task.output)[1],
                )
            else:
                yield Outcome(task.pair.name, "It was cancelled on the cluster.")
            future.release()


def registerThere(task: Task) -> Outcome:
    """One pair, on a worker of Dask, which loads its libraries with its first one."""
    from distributed import get_worker

    worker: Any = get_worker()
    if not hasattr(worker, "ldrWorker"):
        worker.ldrWorker = warmUp(task.options, worker.state.nthreads)
    warm: WarmWorker = worker.ldrWorker
    return warm.register(task)


def _enlist(client: Any, task: Task, resource: str, say: Callable[[str], object]) -> None:
    """Give every worker with the right weights, now and later, the resource that tasks ask for.

    :raises RegistrationError: no worker has them.
    """
    from distributed import WorkerPlugin

    models, model, expected = task.options["models"], task.options["model"], task.settings["model"]

    class Enlisting(WorkerPlugin):
        """Sent by value, and with plain values alone, so that it may reach a worker that lacks this library."""

        name = f"enlist-{resource}"

        async def setup(self, worker: Any) -> None:
            try:
                from LDRRegistrationLib.cohort.cluster import weightsThere

                found = weightsThere(models, model)
            except Exception:  # of whatever kind: this worker cannot register
                return
            if found == expected:
                await worker.set_resources(**{resource: 1})

    try:
        client.wait_for_workers(1, timeout=SECONDS_FOR_A_WORKER)
    except TimeoutError as error:
        raise RegistrationError(
            f"The Dask scheduler has had no worker for {SECONDS_FOR_A_WORKER} s: start some with dask worker."
        ) from error
    client.register_plugin(Enlisting())
    found = client.run(weightsThere, models, model, on_error="return")
    right = [address for address, digest in found.items() if digest == expected]
    for address in found.keys() - set(right):
        said = found[address]
        what = f"has other weights (SHA-256 {said[:12]}...)" if isinstance(said, str) else f"cannot work ({said})"
        say(f"The worker at {address} {what} and gets no pair.")
    if not right:
        raise RegistrationError(
            "No worker of the scheduler has the weights of this cohort "
            f"(SHA-256 {expected[:12]}...): install the same version of ldr-registration everywhere."
        )


def weightsThere(models: Any, model: str) -> str:
    """SHA-256 of the weights that a worker would use."""
    return modelDigest(ModelStore(modelsFolder({"models": models})), model)
