"""Makes the next of a row of things while the last one is in use."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The same items in the same order, each made by a thread while the one before it is in use.

    A pass that is given up is closed wherever its last reference goes, perhaps by the garbage collector while a new
    thread starts. Waiting for this thread would then wait for ever, so nobody does: it ends after the item it is at.
    """
    thread = ThreadPoolExecutor(1, "prefetch")
    try:
        following = thread.submit(next, items, None)
        while (item := following.result()) is not None:
            following = thread.submit(next, items, None)
            yield item
    finally:
        thread.shutdown(wait=False, cancel_futures=True)
