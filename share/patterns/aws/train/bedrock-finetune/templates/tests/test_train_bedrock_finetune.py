"""The training file holds each usable dialogue once and no personal data."""

import json
from pathlib import Path

import pytest

from pipelines.train_llm.main import (
    Dialogue,
    TrainingFileError,
    read_dialogues,
    training_file,
)


def test_dialogues_are_checked(tmp_path: Path) -> None:
    assert Dialogue("q", "a").problems() == []
    assert Dialogue(" ", "a").problems() == ["empty"]
    assert Dialogue("q", "a" * 20_000).problems() == ["too long"]
    assert Dialogue("write to a.b@mail.test", "ok").problems() == ["personal data"]
    assert Dialogue("call +49 30 1234 5678", "ok").problems() == ["personal data"]
    path = tmp_path / "dialogues.jsonl"
    path.write_text('{"question":"q","answer":"a"}\n' * 2, encoding="utf-8")
    assert len(read_dialogues(path)) == 1


def test_the_training_file_is_complete_or_refused() -> None:
    dialogues = [Dialogue(f"question {n}", "answer") for n in range(8)]
    data, left_out = training_file([*dialogues, Dialogue("me@mail.test", "x")])
    lines = [json.loads(line) for line in data.splitlines()]
    assert (len(lines), left_out) == (8, 1)
    assert lines[0]["messages"][0]["content"] == [{"text": "question 0"}]
    with pytest.raises(TrainingFileError, match="needed 8"):
        training_file(dialogues[:7])
