"""`make bench-flow`: N exams through the whole chain of a stack of its own; a table of rates, stages, CPU and memory."""

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from infra.demo import region
from infra.demo.__main__ import CAST
from infra.demo.outside import Outside
from infra.local.control import Control
from infra.local.paths import DEFAULT_STATE, State
from services.shared.kafka import held
from tests.flow import Flow, Sent

RATES = (63, 280, 500)  # exams a second: round the clock, working hours, peak (docs/architecture.md)
# The chain's events of one exam, in order, as stages: from, to.
STAGES = (
    ("exam.completed", "analysis.completed"),
    ("analysis.completed", "report.signed"),
    ("report.signed", "usage.recorded"),
)


def cpu_seconds(pid: int) -> float:
    """User and system seconds of a process and its children, ended ones included."""
    total = 0.0
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        times = one.cpu_times()
        total += times.user + times.system
        if one is not process:
            continue
        total += times.children_user + times.children_system
    return total


def peak_bytes(pid: int) -> int:
    """The sum of the peak resident sizes of a process and its children."""
    process = psutil.Process(pid)
    total = 0
    for one in (process, *process.children(recursive=True)):
        text = Path(f"/proc/{one.pid}/status").read_text(encoding="utf-8")
        total += int(next(line for line in text.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
    return total


def event_times(bootstrap: str) -> dict[str, dict[str, list[datetime]]]:
    """Type → exam → the times of such events."""
    found: dict[str, dict[str, list[datetime]]] = {}
    for record in held(bootstrap, ["ingest.v1", "inference.v1", "reporting.v1", "billing.v1"]):
        headers = {name: value.decode() for name, value in record.headers.items()}
        times = found.setdefault(headers["ce_type"], {})
        times.setdefault(headers["ce_subject"], []).append(datetime.fromisoformat(headers["ce_time"]))
    return found


def stages(sent: Iterable[Sent], times: dict[str, dict[str, list[datetime]]]) -> dict[str, list[float]]:
    """Stage → the seconds that it took each exam; the first two as the sender sees them, the others from event to event."""
    sent = list(sent)
    completed = times.get("exam.completed", {})
    found = {
        "sent → acknowledged": [one.acknowledged_at - one.began_at for one in sent],
        # In it the sender finds its exam in the list and says that all is sent.
        "acknowledged → exam.completed": [
            completed[one.exam_id][0].timestamp() - one.acknowledged_at for one in sent if one.exam_id in completed
        ],
    }
    for first, last in STAGES:
        found[f"{first} → {last}"] = [
            (after[0] - begun[0]).total_seconds()
            for exam, begun in times.get(first, {}).items()
            # Usage is recorded for the analysis too, before the report is signed.
            if (after := sorted(at for at in times.get(last, {}).get(exam, []) if at >= begun[0]))
        ]
    return found


def quantiles(values: list[float]) -> str:
    if not values:
        return "      —         —"
    ordered = sorted(values)
    return f"{statistics.median(ordered):8.2f}  {ordered[int(0.95 * (len(ordered) - 1))]:8.2f}"


def measure(outside: Outside, control: Control, exams: int, instances: int) -> None:
    pids = {row.part: row.pid for row in control.status() if row.pid}
    flow = Flow(outside, (CAST.clinic_1, CAST.clinic_2), CAST.reader, instances)
    before = {part: cpu_seconds(pid) for part, pid in pids.items()}
    began = time.monotonic()
    flow.run(exams)
    took = time.monotonic() - began
    spent = {part: cpu_seconds(pid) - before[part] for part, pid in pids.items()}
    times = event_times(outside.endpoints["kafka"])
    print(
        f"\n{exams} exams of {instances} instances of 200 KB: {took:.1f} s, {exams / took:.2f} exams/s, {flow.retries} retries"
    )
    print("\nstage                                     p50 s     p95 s")
    for stage, took_each in stages(flow.sent.values(), times).items():
        print(f"{stage:<38}{quantiles(took_each)}")
    print("\nprocess        CPU s/exam   peak RSS MiB")
    for part, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{part:<14}{seconds / exams:11.3f}{peak_bytes(pids[part]) / 2**20:15.0f}")
    per_exam = sum(spent.values()) / exams
    print(f"{'sum':<14}{per_exam:11.3f}")
    print("\nexams/s   cores needed (CPU s/exam × rate)")
    for rate in RATES:
        print(f"{rate:7}   {per_exam * rate:8.0f}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-flow", description=__doc__)
    parser.add_argument("--exams", type=int, default=200)
    parser.add_argument("--instances", type=int, default=6)
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE.folder.with_name(".local.bench"))
    given: Any = parser.parse_args()
    state = State(given.state.resolve())
    shutil.rmtree(state.folder, ignore_errors=True)
    control = Control(state)
    print("starting a stack of its own …", flush=True)
    try:
        control.up()
        region.apply(state)
        measure(Outside(state), control, given.exams, given.instances)
    finally:
        control.down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
