"""Exams flowing through a running stack: senders that retry until they are told «stored», and a scripted expert who signs.

The chaos runs and the benchmark of the whole chain use it; it speaks the public face alone.
"""

import functools
import hashlib
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, TypeVar

import httpx
import pydicom

from infra.demo.chapters import decide, words
from infra.demo.exams import Exam, Head, Patient, part10
from infra.demo.outside import Outside, Refused, Session
from infra.local.signin import SignInFailed
from services.inference.simulator import draw

Answer = TypeVar("Answer")

# 448 x 448 bytes are about 200 KB an image.
IMAGE_SHAPE = (448, 448)
PICTURES = 6
RETRY_SECONDS = 0.5
BETWEEN_FURTHER_SECONDS = 4.0
AWAY = (httpx.HTTPError, Refused, SignInFailed, KeyError, StopIteration)


@dataclass
class Sent:
    """One exam that was acknowledged: its study, its instances with the digest of their datasets, and when."""

    study: str
    clinic: str
    digests: dict[str, str]
    began_at: float
    acknowledged_at: float = 0.0
    exam_id: str = ""
    signed_at: float = 0.0


@dataclass
class Flow:
    """N exams from two clinics, and the expert who signs each."""

    outside: Outside
    clinics: tuple[str, ...]
    reader: str
    instances: int = 6
    deadline: float = field(default_factory=lambda: time.monotonic() + 540)
    sent: dict[str, Sent] = field(default_factory=dict)
    retries: int = 0
    _pictures: list[Head] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for seed in range(PICTURES):
            image = draw(seed, shape=IMAGE_SHAPE)
            self._pictures.append(Head(image.pixels, image.spacing_mm, image.hc_mm, f"simulated, seed {seed}"))

    def run(self, exams: int, senders: int = 3, while_it_runs: Callable[[], None] = lambda: None) -> None:
        """Send and sign this many, and more until `while_it_runs` has returned.

        Raises TimeoutError when it does not come to its end before the deadline.
        """
        numbers = itertools.count()
        returned, sent = threading.Event(), threading.Event()

        def send_on() -> None:
            for number in numbers:
                # Beyond what was asked for, only as many more as keep every part busy.
                if number >= exams and returned.wait(BETWEEN_FURTHER_SECONDS):
                    return
                self._send(number)

        with ThreadPoolExecutor(senders + 1) as pool:
            sending = [pool.submit(send_on) for _ in range(senders)]
            signing = pool.submit(self._sign_all, sent)
            try:
                while_it_runs()
            except BaseException:
                self.deadline = 0  # nobody waits for what will not come
                raise
            finally:
                returned.set()
                wait(sending)
                sent.set()
            for future in (*sending, signing):
                future.result()

    def unharmed(self) -> list[str]:
        """Every acknowledged instance that is not there any more with its digest; none when nothing was lost."""
        lost = []
        for one in self.sent.values():
            caller = self.outside.machine(one.clinic)
            found = {
                entry["00080018"]["Value"][0]: entry["0020000E"]["Value"][0]
                for entry in caller.instances(one.study, limit=200)
            }
            for uid, digest in one.digests.items():
                if uid not in found or dataset_digest(caller.wado(one.study, found[uid], uid)) != digest:
                    lost.append(f"{one.study} {uid}")
        return lost

    def _send(self, number: int) -> None:
        clinic = self.clinics[number % len(self.clinics)]
        exam = Exam(Patient(f"Flow^{number}", f"F{number:05}", "19900101"), "胎儿超声", f"F{number:05}", datetime.now())
        for index in range(self.instances):
            exam.add_head(self._pictures[(number + index) % PICTURES])
        files = [part10(dataset) for dataset in exam.instances]
        digests = {
            str(one.SOPInstanceUID): dataset_digest(file) for one, file in zip(exam.instances, files, strict=True)
        }
        sent = Sent(exam.study, clinic, digests, time.time())
        caller = self.outside.machine(clinic)

        def store() -> bool:
            return caller.stow(files).status == 200

        self._until(f"exam {number} stored", store)
        sent.acknowledged_at = time.time()
        found = self._until(f"exam {number} listed", lambda: caller.exam(exam.study))
        sent.exam_id = found["id"]
        with self._lock:
            self.sent[exam.study] = sent
        path = f"/api/ingest/v1/exams/{sent.exam_id}/complete"
        self._until(f"exam {number} completed", lambda: caller.send("POST", path, json={}).is_success)

    def _sign_all(self, sent: threading.Event) -> None:
        expert = self.outside.person(self.reader, "expert")

        def one_round() -> bool:
            last = sent.is_set()
            for task in self._open_tasks(expert):
                self._until(f"the report of {task['exam_id']}", functools.partial(self._sign, expert, task))
            return last and all(one.signed_at for one in self.sent.values())

        self._until("every exam signed", one_round)

    def _open_tasks(self, expert: Session) -> list[Any]:
        """Tasks of ours that nobody signed, and whose AI has answered one way or the other."""
        for task in expert.pages("/api/reporting/v1/worklist", state="signed", limit=200):
            if task["study_instance_uid"] in self.sent:  # signed, though the answer that said so was lost
                self._note_signed(task["study_instance_uid"])
        tasks = expert.pages("/api/reporting/v1/worklist", limit=200)
        return [
            task
            for task in tasks
            if task["ai"] != "pending"
            and task["study_instance_uid"] in self.sent
            and not self.sent[task["study_instance_uid"]].signed_at
        ]

    def _sign(self, expert: Session, task: Any) -> bool:
        report_id = task["report_id"] or expert.post(f"/api/reporting/v1/tasks/{task['id']}/claim")["report_id"]
        report = expert.get(f"/api/reporting/v1/reports/{report_id}")
        if report["state"] not in ("signed", "amended"):
            expert.post(f"/api/reporting/v1/tasks/{task['id']}/claim")
            decided, said = decide(report["findings"])
            expert.put(f"/api/reporting/v1/reports/{report_id}/draft", decided | words(said))
            expert.post(f"/api/reporting/v1/reports/{report_id}/sign", {"attestation": True})
        self._note_signed(task["study_instance_uid"])
        return True

    def _note_signed(self, study: str) -> None:
        if not self.sent[study].signed_at:
            self.sent[study].signed_at = time.time()

    def _until(self, what: str, act: Callable[[], Answer]) -> Answer:
        """What `act` answers, tried again while parts are away or it answers nothing. Raises TimeoutError."""
        fault: object = "no answer"
        while True:
            try:
                answer = act()
                if answer:
                    return answer
            except AWAY as error:
                fault = error
                self.retries += 1
            if time.monotonic() > self.deadline:
                raise TimeoutError(f"{what} did not come: {fault}")
            time.sleep(RETRY_SECONDS)


def dataset_digest(file: bytes) -> str:
    """SHA-256 of the dataset after File Meta: what makes two files the same instance."""
    parsed = pydicom.dcmread(BytesIO(file), stop_before_pixels=True, specific_tags=[])
    length = 128 + 4 + 12 + int(parsed.file_meta.FileMetaInformationGroupLength)
    return hashlib.sha256(file[length:]).hexdigest()
