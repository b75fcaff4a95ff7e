"""The page of all models' figures: what was measured stands there, what was not is named."""

import math
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.inference.training import figures
from services.inference.training.figures import (
    BlandAltman,
    Confusion,
    Curve,
    Figure,
    Figures,
    Latency,
    Published,
    Reliability,
    Table,
)
from services.inference.training.report.__main__ import print_figures
from services.inference.training.report.page import render
from services.inference.training.report.read import Model, StaleFigures, read_all

CARD = {
    "name": "sample",
    "version": "1.0.0",
    "title": {"en": "Sample <model>", "zh": "样例模型"},
    "task": "Tells samples.",
    "intended_use": {"zh": "测试。", "en": "Tests."},
    "not_intended_for": ["Patients."],
    "regulatory": {"class": "II", "mode": "trial"},
    "split": "By patient.",
    "training": "None.",
    "data": [{"name": "set", "use": "all", "licence": "CC0"}],
    "known_failures": ["Everything."],
}
SAMPLE = Figures(
    model="sample",
    version="1.0.0",
    command="make evaluate-sample",
    split="By patient.",
    headline=[
        Figure(
            "AUROC", 0.91234, 0.88, 0.94, "", 120, 60, ">= 0.935", False, Published("0.931", "a paper", "its split")
        ),
        Figure("Dice", 0.912, 0.9, 0.92, "", 120, 60, ">= 0.90", True),
        Figure("error", 12.345, 11, 13, "mm", 120, 60),
    ],
    roc=[Curve("all", [0, 0.1, 1], [0, 0.8, 1])],
    froc=[Curve("all", [0, 1], [0.5, 0.9])],
    risk_coverage=[Curve("all", [0.5, 1], [0.01, 0.1])],
    confusion=[Confusion("classes", ["a", "b"], ["a", "b", "not sure"], [[9, 1, 2], [0, 5, 0]])],
    reliability=[Reliability("all", [0.2, 0.9], [0.25, 0.88], [10, 90], 0.021)],
    bland_altman=[BlandAltman("HC", "mm", [100, 200], [1, -1], 0.0, -2.0, 2.0)],
    latency=[Latency("224 x 224", 1, 5.1, 6.2, 25)],
    subgroups=[Table("by device", ["device", "n", "AUROC"], [["GE & co", 12, 0.9]])],
    limits=["Nothing of normal organs."],
)


def folder_of(tmp_path: Path, measured: Figures | None = SAMPLE) -> Path:
    """A folder of models with one of them."""
    model = tmp_path / "sample"
    model.mkdir()
    (model / "card.yaml").write_text(yaml.safe_dump(CARD, allow_unicode=True), encoding="utf-8")
    if measured:
        figures.write(measured, model)
    return tmp_path


class Tags(HTMLParser):
    """Every opened element is closed again, and text is kept."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_every_figure_with_its_aim_and_what_others_published(tmp_path: Path) -> None:
    models, unmeasured = read_all(folder_of(tmp_path))
    page = render(models, unmeasured)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    for text in (
        "0.9123",
        "[0.8800, 0.9400]",
        ">= 0.935",
        "missed",
        "a paper",
        "its split",
        "Sample <model>",
        "GE & co",
    ):
        assert text in tags.text
    assert page.count("<svg") == 6
    assert "make evaluate-sample" in tags.text
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )


def test_the_same_figures_give_the_same_page(tmp_path: Path) -> None:
    models, unmeasured = read_all(folder_of(tmp_path))
    assert render(models, unmeasured) == render(models, unmeasured)


def test_the_terminal_gets_each_figure_under_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    print_figures([Model("sample", "1.0.0", CARD, SAMPLE)])
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0] == "sample 1.0.0 (make evaluate-sample)"
    assert [line.split()[0] for line in lines[1:]] == ["AUROC", "Dice", "error"]
    assert "aim >= 0.935: missed" in lines[1]
    assert "12.35 mm [11.00, 13.00] n=120" in lines[3]


def test_a_model_without_figures_is_named(tmp_path: Path) -> None:
    models, unmeasured = read_all(folder_of(tmp_path, None))
    assert (models, unmeasured) == ([], ["sample"])
    assert "Without figures: sample" in render(models, unmeasured)


def test_figures_of_another_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StaleFigures, match=r"make evaluate-sample"):
        read_all(folder_of(tmp_path, replace(SAMPLE, version="0.9.0")))


def test_broken_figures_are_refused_with_what_is_wrong(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "sample" / "figures.json").write_text('{"model": "sample"}')
    with pytest.raises(ValidationError, match="headline"):
        read_all(folder)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 10**6))
def test_figures_survive_their_file(value: float, images: int) -> None:
    one = replace(SAMPLE, headline=[Figure("x", value, value, value, images=images)])
    assert figures.load(figures.dump(one)).headline[0].value == value


def test_a_figure_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="AUROC"):
        figures.dump(replace(SAMPLE, headline=[replace(SAMPLE.headline[0], value=math.nan)]))
