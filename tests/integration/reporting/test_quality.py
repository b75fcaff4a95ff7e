"""What a quality manager sees: turnaround against due time, and what experts made of the models' findings."""

from datetime import timedelta

import pytest
from sonobridge.ingest.v1 import events_pb2 as ingest

from tests.integration.reporting.region import Region


@pytest.fixture
async def exam(region: Region) -> ingest.Exam:
    """An exam with findings that was signed half an hour after it was complete."""
    made = await region.exam()
    await region.handle(region.completed(made))
    await region.handle(region.analysed(made))
    region.clock.forward(timedelta(minutes=30))
    await region.signed(made)
    return made


async def test_the_reader_sees_how_fast_it_signs_and_what_became_of_the_findings(
    region: Region, exam: ingest.Exam
) -> None:
    waiting = await region.exam()
    await region.handle(region.completed(waiting))
    region.clock.forward(timedelta(hours=5))

    found = (await region.call("GET", "quality?days=7", "manager")).json()
    (line,) = found["turnaround"]
    assert (line["side"], line["partner_name_zh"], line["priority"]) == ("read", "青溪县人民医院", "ROUTINE")
    assert (line["signed"], line["in_time"], line["open"], line["overdue"]) == (1, 1, 1, 1)
    assert (line["median_minutes"], line["p90_minutes"]) == (30, 30)
    decided = {
        one["code"]: (one["model"], one["accepted"], one["corrected"], one["rejected"]) for one in found["findings"]
    }
    assert decided == {"11984-2": ("fetal_head", 1, 0, 0), "11820-8": ("fetal_head", 0, 1, 0)}
    assert [one["mean_correction"] is not None for one in found["findings"]] == [True, False]


async def test_figures_are_the_quality_managers_alone_and_another_hospital_sees_none(
    region: Region, exam: ingest.Exam
) -> None:
    assert (await region.call("GET", "quality", "expert")).status_code == 403
    foreign = (await region.call("GET", "quality", "stranger")).json()
    assert (foreign["turnaround"], foreign["findings"]) == ([], [])
