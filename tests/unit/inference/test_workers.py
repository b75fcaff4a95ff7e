"""Worker processes: none stays when the service is killed."""

import subprocess
import sys
import time
from pathlib import Path

_SERVICE = """
import asyncio, os, signal
from services.inference.workers import Workers

async def main():
    print(await Workers(1).run(os.getpid), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_worker_ends_with_the_service_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(_SERVICE)
    with (tmp_path / "said").open("w+") as said:  # a file: a pipe would stay open as long as any child does
        subprocess.run([sys.executable, script], stdout=said, stderr=subprocess.DEVNULL, check=False, timeout=60)
        said.seek(0)
        worker = Path("/proc") / said.read().strip()
    until = time.monotonic() + 30
    while worker.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert worker.name.isdigit()
    assert not worker.exists()
