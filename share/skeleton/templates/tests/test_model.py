"""The model format and the registry."""

import math
from pathlib import Path

import pytest

from common import registry as registry_module
from common.model import Model
from common.objects import LocalStore
from common.records import digest
from common.registry import Registry, Version, open_registry

MODEL = Model("logistic", ["a", "b"], [1.0, 0.0], [2.0, 1.0], [4.0, -1.0], 0.5, 0.5)


def entry(version: str, *, approved: bool = True, model: Model = MODEL) -> Version:
    key = f"m/{version}/model.json"
    return Version("m", version, key, digest(model.dump()), {"auc": 0.9}, "d", "c", approved)


def test_scores_follow_the_formula() -> None:
    assert MODEL.score({"a": 3.0, "b": 2.0}) == pytest.approx(1 / (1 + math.exp(-2.5)))
    assert MODEL.score({}) == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert MODEL.score({"a": -1e300}) == pytest.approx(0.0)
    assert MODEL.score({"a": 1e300}) == pytest.approx(1.0)
    linear = Model("linear", ["a"], [0.0], [1.0], [2.0], 1.0, 0.5)
    assert linear.score({"a": 3.0}) == 7.0


def test_an_explanation_names_what_moved_the_score() -> None:
    assert MODEL.explain({"a": 3.0, "b": 1.0}, top=1) == [("a", 4.0)]


def test_a_model_survives_and_a_broken_one_is_refused() -> None:
    assert Model.load(MODEL.dump()) == MODEL
    with pytest.raises(ValueError, match="kind"):
        Model("magic", [], [], [], [], 0.0, 0.5)
    with pytest.raises(ValueError, match="length"):
        Model("linear", ["a"], [], [1.0], [1.0], 0.0, 0.5)
    with pytest.raises(ValueError, match="finite"):
        Model("linear", ["a"], [0.0], [0.0], [1.0], 0.0, 0.5)


def test_versions_are_immutable_and_stages_move(tmp_path: Path) -> None:
    registry = Registry(LocalStore(tmp_path / "entries"), LocalStore(tmp_path / "models"))
    assert registry.current("m") is None
    registry.register(entry("1"), MODEL)
    registry.register(entry("1"), MODEL)
    with pytest.raises(ValueError, match="other content"):
        registry.register(entry("1", approved=False), MODEL)
    with pytest.raises(ValueError, match="hash"):
        registry.register(entry("2"), Model("linear", [], [], [], [], 0.0, 0.5))
    registry.register(entry("2", approved=False), MODEL)
    with pytest.raises(ValueError, match="gate"):
        registry.promote(entry("2", approved=False))
    registry.promote(entry("1"))
    assert registry.current("m") == entry("1")
    assert [one.version for one in registry.versions("m")] == ["1", "2"]
    assert registry.load(entry("1")) == MODEL
    registry.artifacts.put("m/1/model.json", b"{}")
    with pytest.raises(ValueError, match="registered"):
        registry.load(entry("1"))


def test_the_command_promotes_and_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("MODEL_REGISTRY_URI", "MODEL_ARTIFACT_URI", "MODEL_REGISTRY_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    registry = open_registry()
    for version in ("1", "2"):
        registry.register(entry(version), MODEL)
        assert registry_module.main(["promote", "m", version]) == 0
    assert registry_module.main(["promote", "m", "1"]) == 0
    current = registry.current("m")
    assert current is not None
    assert current.version == "1"
    assert registry_module.main(["promote", "m", "9"]) == 1
    assert registry_module.main(["list", "m"]) == 0
    assert "1 approved=True" in capsys.readouterr().out
