"""Completion by quiet. A module of its own: a second process on the same database would take its turn at the outbox."""

from datetime import timedelta

import pytest

from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_quiet_exam_is_completed_by_itself(unstarted: Stage) -> None:
    await unstarted.start()
    await unstarted.found(quiet=timedelta(seconds=2))
    study = samples.uid()
    await unstarted.stow(samples.image(study))
    exam = await unstarted.exam(study)
    assert exam["state"] == "receiving"
    ((kind, body, _),) = await unstarted.events(exam["id"], 1)
    assert (kind, body.exam.revision) == ("exam.completed", 1)
