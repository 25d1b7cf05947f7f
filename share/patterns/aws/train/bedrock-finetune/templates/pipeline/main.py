"""Adapting a language model: the training file is built, checked and stored; AWS runs the job."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.objects import open_store
from common.records import digest
from common.settings import env_int, port_uri
from pipelines.context import Context, Result

TRAINING_FILE = "finetune/train.jsonl"
MAX_CHARACTERS = 12_000
PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|\+?\d[\d ()/-]{8,}\d")


class TrainingFileError(ValueError):
    """The dialogues cannot train a model."""


@dataclass(frozen=True)
class Dialogue:
    """A question and the answer that the model shall learn."""

    question: str
    answer: str

    def problems(self) -> list[str]:
        """Return why this dialogue may not be used."""
        found = []
        if not self.question.strip() or not self.answer.strip():
            found.append("empty")
        if len(self.question) + len(self.answer) > MAX_CHARACTERS:
            found.append("too long")
        if PERSONAL.search(self.question) or PERSONAL.search(self.answer):
            found.append("personal data")
        return found

    def record(self) -> dict[str, Any]:
        """Return the dialogue in the conversation schema of Bedrock."""
        return {
            "schemaVersion": "bedrock-conversation-2024",
            "messages": [
                {"role": "user", "content": [{"text": self.question}]},
                {"role": "assistant", "content": [{"text": self.answer}]},
            ],
        }


def read_dialogues(path: Path) -> list[Dialogue]:
    """Read question and answer pairs, each once."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (json.loads(line) for line in lines if line.strip())
    return list(dict.fromkeys(Dialogue(pair["question"], pair["answer"]) for pair in pairs))


def training_file(dialogues: list[Dialogue]) -> tuple[bytes, int]:
    """Return the training file and how many dialogues were left out."""
    good = [dialogue for dialogue in dialogues if not dialogue.problems()]
    least = env_int("MIN_DIALOGUES", 8, 1)
    if len(good) < least:
        raise TrainingFileError(f"{len(good)} usable dialogues, needed {least}")
    lines = (json.dumps(dialogue.record(), ensure_ascii=False) for dialogue in good)
    return "".join(f"{line}\n" for line in lines).encode(), len(dialogues) - len(good)


def run(ctx: Context) -> Result:
    """Build the training file from the bundled dialogues; its hash names the run's data."""
    data, left_out = training_file(read_dialogues(ctx.sample / "dialogues.jsonl"))
    open_store(port_uri("ds_train")).put(TRAINING_FILE, data)
    facts = {"dialogues": data.count(b"\n"), "left_out": left_out, "sha256": digest(data)}
    return Result("train", facts)
