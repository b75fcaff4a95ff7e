"""Checks that protos/gen is what protos/sonobridge generates: makes it anew elsewhere and compares."""

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[1]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*_pb2*.py*") if path.suffix != ".pyc"
    }


def main() -> int:
    sources = sorted(str(path) for path in (ROOT / "protos" / "sonobridge").rglob("*.proto"))
    include = str(Path(protoc.__file__).parent / "_proto")
    with tempfile.TemporaryDirectory() as fresh:
        outputs = [f"--{kind}_out={fresh}" for kind in ("python", "pyi", "grpc_python")]
        if protoc.main(["protoc", f"-I{ROOT / 'protos'}", f"-I{include}", *outputs, *sources]) != 0:
            return 1
        expected, committed = contents(Path(fresh)), contents(ROOT / "protos" / "gen")
    differing = sorted(name for name in expected | committed if expected.get(name) != committed.get(name))
    if differing:
        print("protos/gen is not what protos/sonobridge generates; run `make proto`:", *differing, sep="\n  ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
