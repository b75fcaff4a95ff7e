"""What every model that ships must keep: its size, its time, its card, and the training framework's answers."""

import hashlib
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import yaml

from services.inference import models
from services.inference.training import figures

FOLDERS = sorted(card.parent for card in Path(models.__path__[0]).glob("*/card.yaml"))
MOST_BYTES = 10 * 1024 * 1024
MOST_APART = 1e-3
ROBUSTNESS = ("gain", "speckle", "crop", "resolution", "JPEG")


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def card(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))
    return found


def test_the_weights_are_those_that_the_card_names_and_small(folder: Path, card: dict[str, Any]) -> None:
    weights = (folder / card["weights"]["file"]).read_bytes()
    assert hashlib.sha256(weights).hexdigest() == card["weights"]["sha256"]
    assert len(weights) <= MOST_BYTES


def test_the_served_file_answered_as_the_training_framework_did(card: dict[str, Any]) -> None:
    assert card["weights"]["largest_difference_from_training_framework"] <= MOST_APART


def test_the_graph_takes_bytes_of_any_size_and_normalises_them_itself(folder: Path, card: dict[str, Any]) -> None:
    session = onnxruntime.InferenceSession(folder / card["weights"]["file"], providers=["CPUExecutionProvider"])
    (image,) = session.get_inputs()
    assert image.type == "tensor(uint8)"
    assert len(image.shape) == 4
    assert not any(isinstance(size, int) for size in image.shape)


def test_figures_are_of_the_version_that_ships_and_the_card_repeats_them(folder: Path, card: dict[str, Any]) -> None:
    found = figures.read(folder)
    assert found.version == card["version"]
    assert {one.name: one.value for one in found.headline} == {
        name: one["value"] for name, one in card["figures"].items()
    }


def test_calibration_latency_and_the_cost_of_not_sure_are_measured(folder: Path) -> None:
    found = figures.read(folder)
    assert any("calibration error" in one.name for one in found.headline)
    assert found.risk_coverage
    assert found.latency
    assert all(one.median_ms <= one.limit_ms for one in found.latency)


def test_robustness_is_measured_against_what_machines_differ_in(folder: Path) -> None:
    judged = "gain" if folder.name == "quality" else ""  # its grades stand in a table of their own
    wanted = [harm for harm in ROBUSTNESS if harm != judged]
    harms = " ".join(str(row[0]) for table in figures.read(folder).robustness for row in table.rows)
    assert [harm for harm in wanted if harm not in harms] == []


def test_people_read_title_and_intended_use_in_their_language(card: dict[str, Any]) -> None:
    for said in (card["title"], card["intended_use"]):
        assert said["en"].isascii()
        assert any("\u4e00" <= sign <= "\u9fff" for sign in said["zh"])


def test_no_model_says_that_it_is_approved(card: dict[str, Any]) -> None:
    assert card["regulatory"]["mode"] in ("trial", "shadow")
    assert card["regulatory"]["approved"] is False
