"""The way of an instance's frames: screened first, cut to the sector, decoded once, and read all the same when the view is away."""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.inference.breaker import Breaker
from services.inference.decode import Undecodable, decode_frames
from services.inference.model import (
    Chosen,
    ClipObservation,
    Geometry,
    Mode,
    ModelCard,
    Observation,
    Plan,
    Refusal,
    Scope,
    Stage,
)
from services.inference.reading import Reader
from services.inference.registry import InstalledModel
from services.inference.result import Result, Source
from services.inference.triton import Away, Outputs, TritonAway
from services.inference.views import VIEWS
from tests.integration.inference.pictures import ultrasound

ROWS, COLUMNS = 120, 160
SECTOR = (slice(20, 100), slice(40, 140))


def frames(count: int) -> list[NDArray[np.uint8]]:
    """A bright sector on black, with a line of text in the corner."""
    picture = np.zeros((ROWS, COLUMNS), np.uint8)
    picture[SECTOR] = 120
    picture[2:4, 2:30] = 200
    return [picture + n * (picture > 0).astype(np.uint8) for n in range(count)]


class Anatomy:
    """A view model that sees a brain in every frame, or is not sure."""

    def __init__(self, sure: bool = True) -> None:
        self.sure = sure

    def read(self, outputs: Outputs, rows: int, columns: int) -> Observation | Refusal:
        if not self.sure:
            return Refusal("not_sure", "The view is not sure.")
        return Observation(95.0, VIEWS["fetal_brain"].code)


class Corner:
    """A reading model that outlines what it is given."""

    def read(self, outputs: Outputs, rows: int, columns: int) -> Observation:
        return Observation(90.0, VIEWS["fetal_brain"].code, ((0.0, 0.0), (float(columns), 0.0), (0.0, float(rows))))


class Whole:
    """A clip model that names the last of its frames."""

    def read_clip(self, outputs: Mapping[int, Outputs], rows: int, columns: int) -> list[ClipObservation]:
        return [ClipObservation(Observation(90.0), (max(outputs), min(outputs)))]


class Inline:
    """Workers that work here, and count what they decode."""

    def __init__(self) -> None:
        self.decoded: list[tuple[int, int]] = []

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        if function is decode_frames:
            self.decoded.append(args[1:])
        return function(*args)


class Copies:
    def __init__(self, path: Path) -> None:
        self._path = path

    @asynccontextmanager
    async def of(self, key: str, digest_sha256: str = "") -> AsyncIterator[Path]:
        yield self._path


class Server:
    """Answers with the mean of each frame, and remembers what it was shown; the models named `away` are."""

    def __init__(self, *away: str) -> None:
        self.shown: dict[str, list[tuple[int, ...]]] = {}
        self._away = away

    async def infer(self, model: str, frames: NDArray[np.uint8]) -> Outputs:
        if model in self._away:
            raise TritonAway(model, "the inference server does not answer", Away.UNREACHABLE)
        self.shown.setdefault(model, []).append(frames.shape)
        return {"mean": frames.mean(axis=(1, 2))}


def chosen(name: str, by_body_part: bool = False, **card: Any) -> Chosen:
    made = ModelCard(name, "1", "", ("US",), ("FETUS",), 4, "", "", "II", "", **card)
    return Chosen(made, Mode.TRIAL, by_body_part=by_body_part)


VIEW = chosen("view", stage=Stage.SCREEN, views=("fetal_brain",), geometry=Geometry.SECTOR)
HEAD = chosen("head", by_body_part=True, views=("fetal_brain",), geometry=Geometry.SECTOR)
CLIP = chosen("clip", views=("fetal_brain",), scope=Scope.CLIP)
CODE: dict[str, Any] = {"view": Anatomy(), "head": Corner(), "clip": Whole()}


async def read(tmp_path: Path, count: int, plan: Plan, server: Server, **code: Any) -> tuple[Result, Inline]:
    uid, data = ultrasound(frames(count), "1.2", "1.2.3")
    (tmp_path / "clip.dcm").write_bytes(data)
    workers = Inline()
    models = {one.key: InstalledModel(one.card, (CODE | code)[one.key], {}) for one in plan.models}

    async def load(model: str) -> None:
        pass

    reader = Reader(Copies(tmp_path / "clip.dcm"), workers, server, models, Breaker(load))  # type: ignore[arg-type]
    source = Source("1.2.3", uid, "1.2", "key", count, ROWS, COLUMNS, "US")
    return await reader.read(plan, [(source, "")], uuid.uuid4()), workers


async def test_models_of_the_sector_see_it_alone_and_their_outlines_lie_in_the_image(tmp_path: Path) -> None:
    server = Server()
    result, _ = await read(tmp_path, 10, Plan((HEAD, VIEW)), server)
    _, rows, columns = server.shown["view"][0]
    assert (abs(rows - 80) <= 4, abs(columns - 100) <= 4) == (True, True)
    (head,) = (group for group in result.groups if group.model == "head")
    column, row = head.reading.observation.contour[0]
    assert (abs(column - 40) <= 2, abs(row - 20) <= 2) == (True, True)


async def test_frames_are_decoded_once_for_screening_and_reading_in_batches_of_each_model(tmp_path: Path) -> None:
    server = Server()
    result, workers = await read(tmp_path, 10, Plan((CLIP, HEAD, VIEW)), server)
    assert sorted(workers.decoded) == [(1, 4), (5, 8), (9, 10)]
    assert sorted(shape[0] for shape in server.shown["head"]) == [2, 4, 4]
    assert {run.model: run.frames for run in result.runs} == {"clip": 10, "head": 10, "view": 10}
    (clip,) = (group for group in result.groups if group.model == "clip")
    assert (clip.frame, clip.frames) == (10, (1, 10))


async def test_while_the_view_model_is_away_the_body_part_decides(tmp_path: Path) -> None:
    result, _ = await read(tmp_path, 2, Plan((CLIP, HEAD, VIEW), "FETUS"), Server("view"))
    assert {run.model: run.outcome for run in result.runs} == {"head": "findings", "view": "failed"}


async def test_a_model_that_is_called_by_nothing_has_no_run(tmp_path: Path) -> None:
    result, _ = await read(tmp_path, 2, Plan((CLIP, VIEW), ""), Server(), view=Anatomy(sure=False))
    assert [run.model for run in result.runs] == ["view"]
    assert result.runs[0].outcome == "nothing found"
    (silence,) = result.silences
    assert (silence.model, silence.name, silence.frames) == ("view", "not_sure", 2)


class Photograph:
    """A view model that sees no ultrasound."""

    def read(self, outputs: Outputs, rows: int, columns: int) -> Observation:
        return Observation(99.0, VIEWS["not_ultrasound"].code)


class Gain:
    """A screening model that calls every gain good."""

    def read(self, outputs: Outputs, rows: int, columns: int) -> Observation:
        return Observation(90.0)


async def test_screening_says_nothing_of_a_picture_that_is_no_ultrasound(tmp_path: Path) -> None:
    quality = chosen("quality", stage=Stage.SCREEN)
    result, _ = await read(tmp_path, 3, Plan((quality, VIEW), ""), Server(), view=Photograph(), quality=Gain())
    assert [group.model for group in result.groups] == ["view"]
    (silence,) = result.silences
    assert (silence.model, silence.name, silence.frames) == ("quality", "not_ultrasound", 3)


async def test_a_view_model_in_the_shadow_keeps_its_word_on_pictures_that_are_no_ultrasound(tmp_path: Path) -> None:
    shadow = chosen("view2", stage=Stage.SCREEN, views=("fetal_brain",))
    shadow = replace(shadow, mode=Mode.SHADOW)
    result, _ = await read(tmp_path, 3, Plan((VIEW, shadow), ""), Server(), view=Photograph(), view2=Photograph())
    assert [group.model for group in result.groups] == ["view", "view2"]


class Flickering:
    """A reading model that sees something on every other frame alone."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self, outputs: Outputs, rows: int, columns: int) -> Observation | Refusal:
        self.asked += 1
        return Observation(90.0) if self.asked % 2 else Refusal("no_head", "No head is seen.", "未见胎头。")


async def test_frames_of_which_nothing_is_said_are_told_though_others_say_something(tmp_path: Path) -> None:
    result, _ = await read(tmp_path, 10, Plan((HEAD, VIEW), "FETUS"), Server(), head=Flickering())
    assert {run.model: run.outcome for run in result.runs} == {"head": "findings", "view": "findings"}
    (silence,) = result.silences
    assert (silence.model, silence.reason, silence.reason_zh, silence.frames) == (
        "head",
        "No head is seen.",
        "未见胎头。",
        5,
    )


async def test_an_instance_that_cannot_be_decoded_is_unreadable_for_whom_it_would_have_been_shown_to(
    tmp_path: Path,
) -> None:
    plan = Plan((CLIP, HEAD, VIEW), "FETUS")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("services.inference.reading.read_header", _broken)
        result, _ = await read(tmp_path, 2, plan, Server())
    assert {run.model: run.outcome for run in result.runs} == {"head": "unreadable", "view": "unreadable"}
    (silence,) = result.silences
    assert (silence.model, silence.reason) == ("", "The image cannot be read: the header cannot be read")


def _broken(path: Path) -> None:
    raise Undecodable("the header cannot be read")
