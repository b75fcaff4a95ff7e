"""A model's folder is whole: its code runs with the modules beside it, whatever other versions are loaded."""

import sys
from pathlib import Path

import numpy as np
import pytest

from services.inference import models
from services.inference.loading import ForeignCode, load_postprocess
from services.inference.model import Observation
from services.inference.registry import BadModelFolder, read_model
from services.inference.shelf import Shelf
from tests.integration.inference.workshop import install

READING = """\
from services.inference.model import Observation

from . import surety


def read(outputs, rows, columns):
    return Observation(surety.PERCENT)
"""


def version(folder: Path, number: str, percent: float, as_version: bool = False) -> Path:
    made = install(folder, "head", number, postprocess=READING, as_version=as_version)
    (made / "surety.py").write_text(f"PERCENT = {percent}\n", encoding="utf-8")
    return made


def said(shelf: Shelf, name: str) -> float:
    answer = shelf[name].postprocess.read({"SAME": np.zeros((2, 2))}, 2, 2)
    assert isinstance(answer, Observation)
    return answer.certainty_percent


def test_two_versions_of_a_model_speak_each_with_its_own_modules(tmp_path: Path) -> None:
    version(tmp_path / "own", "2.0.0", 90.0)
    version(tmp_path / "further", "1.0.0", 40.0, as_version=True)
    shelf = Shelf(tmp_path / "own", tmp_path / "further")
    assert (said(shelf, "head"), said(shelf, "head@1.0.0")) == (90.0, 40.0)


def test_a_version_that_comes_later_leaves_the_one_that_runs_as_it_is(tmp_path: Path) -> None:
    version(tmp_path, "1.0.0", 40.0)
    shelf = Shelf(tmp_path)
    version(tmp_path, "2.0.0", 90.0, as_version=True)
    shelf.scan()
    assert (said(shelf, "head"), said(shelf, "head@2.0.0")) == (40.0, 90.0)


@pytest.mark.parametrize("name", ["breast_lesion", "fetal_head", "quality"])
def test_a_shipped_model_beside_itself_shares_no_module(name: str) -> None:
    folder = Path(models.__path__[0]) / name
    first, second = load_postprocess(folder), load_postprocess(folder)
    assert first.__package__ != second.__package__
    assert first.read is not second.read if hasattr(first, "read") else first.read_clip is not second.read_clip


def test_only_what_the_outputs_need_is_loaded_not_how_the_model_was_trained() -> None:
    package = load_postprocess(Path(models.__path__[0]) / "fetal_head").__package__
    beside = {name.removeprefix(f"{package}.") for name in sys.modules if name.startswith(f"{package}.")}
    assert beside == {"postprocess", "criteria", "ellipse"}


def test_a_folder_that_would_run_with_the_platforms_own_modules_is_refused(tmp_path: Path) -> None:
    absolute = "from services.inference.models.fetal_head import ellipse\n\n\ndef read(outputs, rows, columns): ...\n"
    folder = install(tmp_path, "head", postprocess=absolute)
    with pytest.raises(ForeignCode, match=r"services\.inference\.models\.fetal_head\.ellipse"):
        load_postprocess(folder)
    with pytest.raises(BadModelFolder, match="import it relatively"):
        read_model(folder)


@pytest.mark.parametrize("code", ["def read(:", "from . import lost", "raise RuntimeError('no')", "def reads(): ..."])
def test_a_folder_whose_code_cannot_be_loaded_is_named_and_the_others_stay(tmp_path: Path, code: str) -> None:
    version(tmp_path, "1.0.0", 40.0)
    shelf = Shelf(tmp_path)
    install(tmp_path, "head", "2.0.0", postprocess=code, as_version=True)
    shelf.scan()
    assert list(shelf) == ["head"]
    assert "postprocess.py" in shelf.faults["head@2.0.0"]


def test_what_failed_to_load_leaves_nothing_behind(tmp_path: Path) -> None:
    before = set(sys.modules)
    folder = install(tmp_path, "head", postprocess="from . import lost")
    with pytest.raises(ImportError):
        load_postprocess(folder)
    assert not {name for name in set(sys.modules) - before if "head" in name or "sonobridge_model" in name}
