"""The process behind `make up`: owns every part's process and answers on a socket in the state folder.

`python -m infra.local.supervisor --state DIR` runs until it is told to stop. One JSON object a line, asked and answered.
"""

import argparse
import json
import logging
import os
import signal
import socketserver
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.local.control import socket_address
from infra.local.files import write_json
from infra.local.keeper import Keeper, Phase, end_leftovers
from infra.local.parts import PARTS, Part
from infra.local.paths import State
from infra.local.process import start_time
from infra.local.stack import Stack

_log = logging.getLogger(__name__)


class Supervisor:
    """Every keeper, and the order among them."""

    def __init__(self, stack: Stack, parts: Sequence[Part]) -> None:
        self.stack = stack
        self.keepers = {part.name: Keeper(part, stack, self.is_ready) for part in parts}
        self.stopping = threading.Event()

    def is_ready(self, name: str) -> bool:
        """Whether a part is there for those that come after it."""
        return self.keepers[name].phase in (Phase.READY, Phase.DONE)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Does what was asked; every answer comes at once, progress is seen by asking for the status."""
        if (name := asked.get("part")) is not None and name not in self.keepers:
            return {"error": f"there is no part {name}: the parts are {', '.join(self.keepers)}"}
        chosen = list(self.keepers.values()) if name is None else [self.keepers[name]]
        match asked.get("do"):
            case "status":
                return {"parts": [self._describe(keeper) for keeper in self.keepers.values()], "pid": os.getpid()}
            case "start":
                for keeper in chosen:
                    if keeper.phase not in (Phase.READY, Phase.STARTING):
                        keeper.want()
            case "stop":
                for keeper in chosen:
                    keeper.unwant()
            case "kill":
                for keeper in chosen:
                    keeper.kill(bool(asked.get("stay_down")))
            case "down":
                self.stopping.set()
            case other:
                return {"error": f"cannot do {other}"}
        return {"done": asked["do"]}

    def run(self) -> None:
        """Blocks until it is told to stop, then ends every part, those first that others do not need any more."""
        write_json(self.stack.state.endpoints, self.stack.endpoints())
        write_json(self.stack.state.folder / "prometheus-targets.json", self.stack.prometheus_targets())
        for keeper in self.keepers.values():
            keeper.start()
        self.stopping.wait()
        pending = dict(self.keepers)
        while pending:
            needed = {name for keeper in pending.values() for name in keeper.part.after}
            free = [keeper for name, keeper in pending.items() if name not in needed]
            for keeper in free:
                keeper.close()
            for keeper in free:
                keeper.join()
                del pending[keeper.part.name]

    @staticmethod
    def _describe(keeper: Keeper) -> dict[str, Any]:
        return {
            "part": keeper.part.name,
            "phase": keeper.phase,
            "reason": keeper.reason,
            "pid": keeper.pid,
            "ports": {name: keeper.stack.ports[name] for name in keeper.part.ports},
            "restarts": keeper.restarts,
            "took_s": round(keeper.took_s, 1),
            "log": str(keeper.log),
        }


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            supervisor: Supervisor = self.server.supervisor  # type: ignore[attr-defined]
            try:
                answer = supervisor.answer(json.loads(line))
            except (ValueError, AttributeError) as error:
                answer = {"error": f"not understood: {error}"}
            self.wfile.write(json.dumps(answer).encode() + b"\n")
            self.wfile.flush()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, state: State, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        with socket_address(state) as address:
            Path(address).unlink(missing_ok=True)
            super().__init__(address, _Handler)
            Path(address).chmod(0o600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    state = State(parser.parse_args().state.resolve())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for name in end_leftovers(state.pids):
        _log.warning("ended %s, left over from a supervisor that was killed", name)
    supervisor = Supervisor(Stack(state), PARTS)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stopping.set())
    own = state.pids / "supervisor.pid"
    write_json(own, {"pid": os.getpid(), "started": start_time(os.getpid())})
    with _Server(state, supervisor) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        began = time.monotonic()
        supervisor.run()
        _log.info("everything is stopped after %.0f s", time.monotonic() - began)
        server.shutdown()
    own.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
