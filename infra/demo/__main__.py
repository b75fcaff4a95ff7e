"""`make demo`: the whole way of an exam on an empty state of its own; `make up` opens that state afterwards."""

import argparse
import contextlib
import sys
from pathlib import Path

from infra.demo import region
from infra.demo.chapters import Cast, Demo
from infra.demo.outside import Outside
from infra.demo.story import Story, run
from infra.local.aside import set_aside
from infra.local.control import Control, NotRunning
from infra.local.paths import DEFAULT_STATE, State
from infra.local.stack import Stack

CAST = Cast(clinic_1="qinghe", clinic_2="yunxi", reader="dongzhou", other_region="beiling")


def start(state: State, story: Story) -> None:
    """Start every part and wait for its own readiness."""
    with story.step("PostgreSQL, Kafka, Keycloak, Triton, nginx and the services start") as step:
        control = Control(state)
        control.up(tell=lambda row: print(f"    {row.part:<10} {row.phase} {row.reason}", flush=True))
        rows = control.status()
        slowest = max(rows, key=lambda row: row.took_s)
        step.tell(f"{len(rows)} parts are ready, the slowest {slowest.part} after {slowest.took_s:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE.folder, help="folder of the stack's state")
    state = State(parser.parse_args().state.resolve())
    if (former := set_aside(state)) is not None:
        print(f"the former state lies in {former}")
    story = Story()

    def demo() -> Demo:
        control = Control(state)
        return Demo(
            Outside(state),
            CAST,
            kill=lambda part: control.kill(part, stay_down=True),
            start=control.start,
            apply_region=lambda: region.apply(state),
        )

    told: list[Demo] = []

    def begin(story: Story) -> None:
        start(state, story)
        told.append(demo())

    names = ("region", "arrival", "artificial_reading", "reading", "without_triton", "other_region", "period_end")
    chapters = [begin, *((lambda story, name=name: getattr(told[0], name)(story)) for name in names)]
    try:
        return run(story, chapters, lambda: how_to_look(state))
    finally:
        for one in told:
            one.outside.close()
        with contextlib.suppress(NotRunning):
            Control(state).down()


def how_to_look(state: State) -> str:
    """Where a person goes on."""
    return (
        f"To look: `make up`, then open {Stack(state).origin} in a browser; names and passwords are in {state.credentials}\n"
        f"(expert of the regional hospital: chen.jing; clinic: wang.min; billing: qian.wei; operator: operator).\n"
        f"One exam is still unread and the next period is open. Logs: {state.logs}. `make down` stops everything."
    )


if __name__ == "__main__":
    sys.exit(main())
