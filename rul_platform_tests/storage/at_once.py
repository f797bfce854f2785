"""Do the same thing many times at the same moment, in threads or in processes."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Barrier, BrokenBarrierError
from typing import Any

PATIENCE_SECONDS = 60


def in_threads(work: Callable[[int], Any], count: int) -> list[Any]:
    """What ``work(0)`` to ``work(count - 1)`` gave, or the error that each raised."""
    barrier = Barrier(count)

    def one(number: int) -> Any:
        barrier.wait(PATIENCE_SECONDS)
        return _outcome(work, number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def in_processes(work: Callable[..., Any], count: int, arguments: Sequence[Any]) -> list[Any]:
    """As :func:`in_threads`, with ``work(number, *arguments)`` in fresh Python processes."""
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(count), context.SimpleQueue()
    workers = [
        context.Process(target=_one_process, args=(barrier, queue, work, number, arguments))
        for number in range(count)
    ]
    for worker in workers:
        worker.start()
    outcomes = [queue.get() for _ in workers]
    for worker in workers:
        worker.join(PATIENCE_SECONDS)
    return outcomes


def _one_process(
    barrier: Any, queue: "SimpleQueue[Any]", work: Callable[..., Any], number: int, arguments: Any
) -> None:
    try:
        barrier.wait(PATIENCE_SECONDS)
    except BrokenBarrierError as error:
        queue.put(error)
        return
    outcome = _outcome(lambda at: work(at, *arguments), number)
    queue.put(repr(outcome) if isinstance(outcome, Exception) else outcome)


def _outcome(work: Callable[[int], Any], number: int) -> Any:
    try:
        return work(number)
    except Exception as error:  # the test reads it
        return error
