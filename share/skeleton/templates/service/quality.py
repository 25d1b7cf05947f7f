"""How good answers are and what they cost: for Prometheus, and for CloudWatch through the log.

A log line with an `_aws` member is a metric in CloudWatch's embedded metric format; the alarms
on these names stand in the module that runs this program.
"""

import logging
import time
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram

from .settings import Settings

logger = logging.getLogger(__name__)

SCORES = (0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
NAMES = ("RetrievalScore", "Grounded", "Fallback", "CostUsd")


@dataclass(frozen=True)
class Outcome:
    """One answer: the best passage's score, and what the model used."""

    score: float
    grounded: bool
    fallback: bool
    input_tokens: int
    output_tokens: int


class Quality:
    """Counts answers; one for each registry."""

    def __init__(self, settings: Settings, registry: CollectorRegistry) -> None:
        self.settings = settings
        self.answers = Counter("answers_total", "Answers given", ("kind",), registry=registry)
        self.score = Histogram(
            "answer_retrieval_score", "Best passage's score", buckets=SCORES, registry=registry
        )
        self.tokens = Counter("answer_tokens_total", "Tokens used", ("way",), registry=registry)
        self.usd = Counter("answer_usd_total", "Cost of the model's tokens", registry=registry)

    def cost(self, outcome: Outcome) -> float:
        """USD at the plan's prices."""
        used = outcome.input_tokens * self.settings.llm_input_usd_per_mtok
        made = outcome.output_tokens * self.settings.llm_output_usd_per_mtok
        return (used + made) / 1e6

    def record(self, outcome: Outcome) -> None:
        """One answer."""
        kind = "quoted" if outcome.fallback else "answered" if outcome.grounded else "nothing"
        usd = self.cost(outcome)
        self.answers.labels(kind).inc()
        self.score.observe(outcome.score)
        self.tokens.labels("in").inc(outcome.input_tokens)
        self.tokens.labels("out").inc(outcome.output_tokens)
        self.usd.inc(usd)
        figures: dict[str, object] = {
            "RetrievalScore": round(outcome.score, 4),
            "Grounded": int(outcome.grounded),
            "Fallback": int(outcome.fallback),
            "CostUsd": round(usd, 8),
        }
        if self.settings.metric_namespace:
            metric = {
                "Namespace": self.settings.metric_namespace,
                "Dimensions": [[]],
                "Metrics": [{"Name": name} for name in NAMES],
            }
            figures["_aws"] = {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [metric],
            }
        logger.info("answer", extra=figures)
