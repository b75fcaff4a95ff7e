"""A whole stack of the tests' own, set up with the demonstration's region; shared by every test that needs one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.demo import region
from infra.demo.__main__ import CAST
from infra.demo.chapters import Cast
from infra.demo.outside import Outside
from infra.local.control import Control
from infra.local.paths import State
from tests.spans import Collector, collector


@dataclass(frozen=True)
class Running:
    """A running stack: how to control its parts, how to meet it from outside, and who takes part."""

    state: State
    control: Control
    outside: Outside
    cast: Cast
    spans: Collector | None  # nobody collects spans of a stack that was started without an address for them


@pytest.fixture(scope="session")
def stack() -> Iterator[Running]:
    """Every part, ready, with its region; stopped and removed at the end."""
    if running := os.environ.get("TEST_STATE"):  # a stack that runs already, for somebody who writes a test
        state = State(Path(running).resolve())
        with ExitStack() as open_here:
            collects = (state.folder / "otlp-endpoint").exists()
            spans = open_here.enter_context(collector(state)) if collects else None
            yield Running(state, Control(state), Outside(state), CAST, spans)
        return
    folder = Path(tempfile.mkdtemp(prefix="sonobridge-stack-"))
    folder.chmod(0o755)
    (folder / "crash").mkdir()  # lets the fault tests name a point at which a service dies
    state = State(folder)
    control = Control(state)
    with collector(state) as spans:
        try:
            control.up()
            region.apply(state)
            yield Running(state, control, Outside(state), CAST, spans)
        finally:
            control.down()
            shutil.rmtree(folder, ignore_errors=True)
