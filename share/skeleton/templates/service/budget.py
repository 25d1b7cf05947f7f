"""The processor time that the plan's size leaves for a request: more of it is said in the log."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


@contextmanager
def within(budget_ms: float, count: int = 1) -> Iterator[None]:
    """Warns when `count` items took this thread more than their budget; 0 is no budget."""
    started = time.thread_time()
    yield
    ms = (time.thread_time() - started) * 1000
    if 0 < budget_ms * count < ms:
        logger.warning(
            "over the processor budget",
            extra={"cpu_ms": round(ms, 2), "budget_ms": budget_ms * count, "items": count},
        )
