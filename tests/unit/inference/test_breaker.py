"""A model that keeps failing is taken out and tried again later; what is not its fault is not held against it."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from services.inference.breaker import Breaker, State, TakenOut
from services.inference.metrics import MODEL_TAKEN_OUT
from services.inference.triton import Away, ModelFault, TritonAway
from services.shared.errors import Unavailable

RUBBISH = ModelFault("head", "the output size holds values that are not numbers")
SILENT = TritonAway("head", "no answer within 10 s", Away.SLOW)
NO_SERVER = TritonAway("head", "the inference server does not answer", Away.UNREACHABLE)


class Bench:
    """A breaker with a clock that the test turns, and a record of what was loaded anew."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.loaded: list[str] = []
        self.load_fault: Exception | None = None
        self.breaker = Breaker(self._load, failures=3, pause=timedelta(seconds=30), now=lambda: self.seconds)

    async def _load(self, model: str) -> None:
        self.loaded.append(model)
        if self.load_fault:
            raise self.load_fault

    async def ask(self, fault: Exception | None = None, exam: UUID | None = None) -> None:
        async with self.breaker.attempt("head", exam or uuid4()):
            if fault:
                raise fault

    async def fail(self, *faults: Exception, exam: UUID | None = None) -> None:
        for fault in faults:
            with pytest.raises(type(fault)):
                await self.ask(fault, exam)

    async def refused(self) -> bool:
        try:
            await self.ask()
        except TakenOut:
            return True
        return False


@pytest.fixture
def bench() -> Iterator[Bench]:
    yield Bench()


async def test_a_model_that_fails_in_three_exams_in_a_row_is_taken_out_with_the_reason(bench: Bench) -> None:
    await bench.fail(RUBBISH, SILENT)
    assert bench.breaker.condition("head").state is State.IN_SERVICE
    await bench.fail(RUBBISH)
    with pytest.raises(TakenOut, match="not numbers"):
        await bench.ask()
    assert bench.breaker.condition("head").state is State.TAKEN_OUT
    with pytest.raises(Unavailable, match="head"):
        await bench.breaker.check()
    assert bench.breaker.condition("other").state is State.IN_SERVICE


async def test_a_model_that_nobody_asks_for_any_more_is_no_fault_of_the_platform(bench: Bench) -> None:
    def told() -> float:
        return next(iter(MODEL_TAKEN_OUT.labels(model="head").collect())).samples[0].value

    await bench.fail(RUBBISH, RUBBISH, RUBBISH)
    bench.seconds = 300
    with pytest.raises(Unavailable):
        await bench.breaker.check()
    assert told() == 1
    bench.seconds = 700
    await bench.breaker.check()
    assert told() == 0
    assert bench.breaker.condition("head").state is State.TAKEN_OUT
    await bench.fail(RUBBISH)  # asked again, it is tried, and is missed again
    with pytest.raises(Unavailable):
        await bench.breaker.check()


async def test_one_exam_alone_never_takes_a_model_out(bench: Bench) -> None:
    await bench.fail(*[RUBBISH] * 9, exam=uuid4())
    assert not await bench.refused()


async def test_a_good_answer_between_starts_the_count_anew(bench: Bench) -> None:
    await bench.fail(RUBBISH, RUBBISH)
    await bench.ask()
    await bench.fail(RUBBISH, RUBBISH)
    assert not await bench.refused()


async def test_a_server_that_is_away_is_not_held_against_the_model(bench: Bench) -> None:
    await bench.fail(*[NO_SERVER] * 9)
    assert not await bench.refused()


async def test_after_the_pause_it_is_loaded_anew_and_one_good_answer_brings_it_back(bench: Bench) -> None:
    await bench.fail(*[RUBBISH] * 3)
    bench.seconds = 29
    assert await bench.refused()
    assert bench.loaded == []
    bench.seconds = 31
    await bench.ask()
    assert bench.loaded == ["head"]
    assert not await bench.refused()
    await bench.breaker.check()


async def test_while_one_exam_tries_it_the_others_go_on_without(bench: Bench) -> None:
    await bench.fail(*[RUBBISH] * 3)
    bench.seconds = 31
    async with bench.breaker.attempt("head", uuid4()):
        assert bench.breaker.condition("head").state is State.ON_TRIAL
        assert await bench.refused()
    assert not await bench.refused()


@pytest.mark.parametrize("when", ["loaded", "asked"])
async def test_a_trial_that_fails_doubles_the_pause_up_to_ten_minutes(bench: Bench, when: str) -> None:
    await bench.fail(*[RUBBISH] * 3)
    bench.load_fault = RUBBISH if when == "loaded" else None
    trials: list[float] = []
    while len(trials) < 7:
        bench.seconds += 10
        before = len(bench.loaded)
        with pytest.raises(ModelFault):
            await bench.ask(RUBBISH)
        if len(bench.loaded) > before:
            trials.append(bench.seconds)
    assert [later - earlier for earlier, later in pairwise([0, *trials])] == [30, 60, 120, 240, 480, 600, 600]


async def test_a_trial_that_the_servers_outage_ends_says_nothing_and_is_made_again(bench: Bench) -> None:
    await bench.fail(*[RUBBISH] * 3)
    bench.seconds = 31
    await bench.fail(NO_SERVER)
    await bench.ask()
    assert not await bench.refused()


async def test_a_clip_that_cannot_be_read_counts_though_its_frames_were_answered(bench: Bench) -> None:
    for _ in range(3):
        exam = uuid4()
        async with bench.breaker.attempt("head", exam, conclusive=False):
            pass
        await bench.fail(RUBBISH, exam=exam)
    assert await bench.refused()


async def test_the_calls_of_the_exam_that_tries_it_go_on_together(bench: Bench) -> None:
    await bench.fail(*[RUBBISH] * 3)
    bench.seconds = 31
    exam = uuid4()
    async with bench.breaker.attempt("head", exam, conclusive=False):
        async with bench.breaker.attempt("head", exam, conclusive=False):
            assert await bench.refused()
        assert await bench.refused()
    assert bench.loaded == ["head"]
    await bench.ask(exam=exam)
    assert not await bench.refused()


async def test_a_trial_without_an_end_is_left_to_another_exam(bench: Bench) -> None:
    await bench.fail(*[RUBBISH] * 3)
    bench.seconds = 31
    async with bench.breaker.attempt("head", uuid4(), conclusive=False):
        pass
    bench.seconds += 119
    assert await bench.refused()
    bench.seconds += 2
    assert not await bench.refused()
