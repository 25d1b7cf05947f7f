"""A token bucket for each caller, in this process."""

import time
from collections import OrderedDict

from common.errors import RateLimitedError

MAX_CALLERS = 10_000


class RateLimiter:
    """`rate` requests a second on average, `burst` at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = float(burst)
        self.buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, caller: str, now: float | None = None) -> None:
        """Takes one token; RateLimitedError when there is none."""
        now = time.monotonic() if now is None else now
        tokens, then = self.buckets.pop(caller, (self.burst, now))
        tokens = min(self.burst, tokens + (now - then) * self.rate)
        allowed = tokens >= 1
        self.buckets[caller] = (tokens - 1 if allowed else tokens, now)
        if len(self.buckets) > MAX_CALLERS:
            self.buckets.popitem(last=False)
        if not allowed:
            raise RateLimitedError("too many requests: slow down")
