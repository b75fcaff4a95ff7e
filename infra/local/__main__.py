"""The command line of a stack on this machine: `python -m infra.local up|down|status|start|stop|kill|restart|log`."""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.demo import region
from infra.local.control import Control, NotRunning, PartStatus
from infra.local.files import read_json
from infra.local.keeper import end_leftovers
from infra.local.memory import pss_bytes
from infra.local.parts import BY_NAME
from infra.local.paths import DEFAULT_STATE, State
from infra.local.process import NotReady, PartFailed, last_lines
from infra.local.stack import Stack

MIB = 1024 * 1024


def up(state: State, only: list[str]) -> int:
    """Starts the stack, or some parts of it with what they need; returns when they are ready."""
    began = time.monotonic()

    def tell(row: PartStatus) -> None:
        took = f" after {row.took_s:.1f} s" if row.up else ""
        why = f": {row.reason}" if row.reason else ""
        if row.phase != "waiting":
            print(f"  {row.part:<10} {row.phase}{took}{why}", flush=True)

    Control(state).up(with_needed(only) if only else None, tell)
    if not only and not region.applied(state):
        print("  a new state: setting up the region of demo.yaml", flush=True)
        print(f"  {region.apply(state)}")
    stack = Stack(state)
    print(f"ready after {time.monotonic() - began:.0f} s: {stack.origin}")
    print(f"  addresses   {state.endpoints}\n  credentials {state.credentials}\n  logs        {state.logs}")
    return 0


def with_needed(parts: list[str]) -> list[str]:
    """The parts and everything that they come after, in the table's order."""
    wanted: set[str] = set()
    pending = list(parts)
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending.extend(BY_NAME[name].after)
    return [name for name in BY_NAME if name in wanted]


def down(state: State) -> int:
    """Stops the stack; what a killed supervisor left is ended by its pids."""
    try:
        Control(state).down()
    except NotRunning as error:
        ended = end_leftovers(state.pids) if state.pids.exists() else []
        print(f"ended what was left over: {', '.join(ended)}" if ended else str(error))
        return 0
    print("everything is stopped")
    return 0


def status(state: State) -> int:
    """Prints each part's health, ports, pid, memory and log; 1 unless all are well."""
    rows = Control(state).status()
    stack = Stack(state)
    with ThreadPoolExecutor() as pool:
        health = list(pool.map(lambda row: health_of(row, stack), rows))
    memory = [pss_bytes(row.pid) if row.pid else 0 for row in rows]
    print(f"{'part':<11}{'health':<10}{'pid':>8}{'PSS MiB':>9}{'starts':>8}  ports, log")
    for row, (well, reason), taken in zip(rows, health, memory, strict=True):
        ports = " ".join(f"{name.removeprefix(row.part + '-')}={port}" for name, port in row.ports.items())
        print(f"{row.part:<11}{well:<10}{row.pid or '-':>8}{taken / MIB:>9.0f}{row.restarts + 1:>8}  {ports} {row.log}")
        if reason:
            print(f"           {reason}")
    own = read_json(state.pids / "supervisor.pid")
    supervisor = pss_bytes(own["pid"]) - sum(memory) if own else 0
    print(f"{'supervisor':<11}{'up':<10}{own['pid'] if own else '-':>8}{supervisor / MIB:>9.0f}")
    print(f"{'sum':<11}{'':<10}{'':>8}{(sum(memory) + supervisor) / MIB:>9.0f}")
    return 0 if all(well in ("ready", "done") for well, _ in health) else 1


def health_of(row: PartStatus, stack: Stack) -> tuple[str, str]:
    """What the part itself says now, and why when it is not well."""
    if row.phase != "ready":
        return row.phase, row.reason
    try:
        BY_NAME[row.part].check(stack)
    except NotReady as reason:
        return "not ready", str(reason)
    return "ready", ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE.folder, help="the folder of the stack's state")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("up", help="start the stack, or the named parts and what they need")
    one.add_argument("part", nargs="*", choices=[*BY_NAME, []])
    commands.add_parser("down", help="stop it")
    commands.add_parser("status", help="health, ports, memory and log of each part")
    for name, text in (
        ("start", "start one part"),
        ("stop", "stop one part; it stays down"),
        ("restart", "stop one part and start it again"),
        ("log", "the last lines of its log"),
    ):
        commands.add_parser(name, help=text).add_argument("part", choices=list(BY_NAME))
    kill = commands.add_parser("kill", help="end one part by SIGKILL; it comes back by itself")
    kill.add_argument("part", choices=list(BY_NAME))
    kill.add_argument("--stay-down", action="store_true", help="until it is started")
    given = parser.parse_args()
    state = State(given.state.resolve())
    try:
        match given.command:
            case "up":
                return up(state, given.part)
            case "down":
                return down(state)
            case "status":
                return status(state)
            case "kill":
                Control(state).kill(given.part, given.stay_down)
            case "log":
                print("\n".join(last_lines(state.log(given.part), 60)))
            case command:
                getattr(Control(state), command)(given.part)
    except (PartFailed, NotRunning, region.NotApplied, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
