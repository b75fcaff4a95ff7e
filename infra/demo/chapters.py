"""The eight steps, over the public face alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import highdicom
import pydicom
from pydicom import Dataset

from infra.demo.exams import Exam, Patient, colour_cine, heads, part10
from infra.demo.outside import Outside, Session, wait_for
from infra.demo.story import Step, Story, must

MEASURED = {"11984-2": "HC", "11820-8": "BPD", "11851-3": "OFD", "18185-9": "GA"}
AI_SECONDS = 90.0
# The price items of demo.yaml that an exam of a fetal head is charged by, with AI and without.
CHARGED_WITH_AI = ["ai.fetal_head", "platform", "reading"]
CHARGED_WITHOUT_AI = ["platform", "reading"]


@dataclass
class Cast:
    """Who takes part, by their aliases in demo.yaml."""

    clinic_1: str
    clinic_2: str
    reader: str
    other_region: str
    platform: str = "platform"


@dataclass
class Demo:
    """The demonstration's own memory of what it sent and got."""

    outside: Outside
    cast: Cast
    kill: Callable[[str], None]
    start: Callable[[str], None]
    apply_region: Callable[[], str]
    exams: dict[str, Exam] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    late: Dataset | None = None

    @property
    def clinic_1(self) -> Session:
        return self.outside.machine(self.cast.clinic_1)

    @property
    def clinic_2(self) -> Session:
        return self.outside.machine(self.cast.clinic_2)

    @property
    def expert(self) -> Session:
        return self.outside.person(self.cast.reader, "expert")

    def owner(self, name: str) -> Session:
        """The clinic that sent the exam of this name."""
        return self.clinic_1 if name == "first" else self.clinic_2

    # 2 ------------------------------------------------------------------------------------------------------------------
    def region(self, story: Story) -> None:
        """Set up the region, twice: the second time changes nothing."""
        with story.step("The region is set up over the public API") as step:
            step.tell(self.apply_region())
            again = self.apply_region()
            must(
                again.startswith("0 created, 0 changed"),
                f"applying the same file again changed something: {again}",
            )
            step.tell(f"applied again: {again}")

    # 3 ------------------------------------------------------------------------------------------------------------------
    def arrival(self, story: Story) -> None:
        """Exams by C-STORE and STOW-RS, twice each, and one that cannot be taken."""
        with story.step("Exams arrive, twice each; a file cut short is refused") as step:
            pictures = heads(6)
            now = datetime.now()  # a scanner's local time has no zone
            first = Exam(Patient("Zhao^Min=赵敏", "C1-0001", "19930412"), "胎儿超声 Fetal", "A0001", now)
            for picture in pictures[:2]:
                first.add_head(picture)
            self.late = first.add_head(pictures[2])
            first.instances.remove(self.late)
            second = Exam(Patient("Li^Na=李娜", "C2-0001", "19901123", ["", "GB18030"]), "胎儿超声 Fetal", "B0001", now)
            second.patient = Patient("李娜", "C2-0001", "19901123", "GB18030")
            second.add_head(pictures[3])
            cine = Exam(Patient("Wang^Fang=王芳", "C2-0002", "19851230"), "彩色电影 Colour cine", "B0002", now)
            cine.add_cine(colour_cine())
            self.exams = {"first": first, "second": second, "cine": cine}

            calling = self.outside.ae_title(self.cast.clinic_1)
            # A device that was added a moment ago is on its way to ingest's copy of the directory.
            wait_for("ingest to know the scanner", lambda: self.outside.c_echo(calling))
            must(self.outside.c_store(calling, first.instances) == [0] * 2, "C-STORE was not a success")
            step.tell(
                f"clinic 1 ({calling}): {len(first.instances)} head images by C-STORE, {pictures[0].source} and others"
            )
            for name in ("second", "cine"):
                stored = self.clinic_2.stow(self.exams[name].files())
                must(stored.status == 200, f"STOW-RS answered {stored.status}: {stored.body}")
            found = self.clinic_2.get("/dicomweb/studies", StudyInstanceUID=second.study)[0]
            names = found["00100010"]["Value"][0]
            must("李娜" in names.values(), f"the GB18030 name reads {names}")
            step.tell(
                f"clinic 2: a head image by STOW-RS whose GB18030 name reads {'李娜'}, and a 30-frame colour cine"
            )

            self._send_again(step)
            self._cut_short(step, second)
            for name in self.exams:
                exam = self._complete(name)
                must(exam["coverage"] == "crosses", f"the {name} exam does not cross to its reader: {exam['coverage']}")
            step.tell(f"complete: {', '.join(f'{name} ({len(exam.instances)})' for name, exam in self.exams.items())}")

    def _send_again(self, step: Step) -> None:
        before = {name: self._identities(name) for name in self.exams}
        must(self.clinic_1.stow(self.exams["first"].files()).status == 200, "the same images by STOW-RS were refused")
        must(self.clinic_2.stow(self.exams["second"].files()).status == 200, "the same image again was refused")
        calling = self.outside.ae_title(self.cast.clinic_2)
        must(self.outside.c_store(calling, self.exams["cine"].instances) == [0], "the same cine by C-STORE was refused")
        must(before == {name: self._identities(name) for name in self.exams}, "sending again changed the studies")
        step.tell("all of them sent again, two over the other protocol: a success that changed nothing")

    def _cut_short(self, step: Step, exam: Exam) -> None:
        damaged = Exam(exam.patient, exam.description, "B0009", exam.made_at)
        whole = part10(damaged.add_head(heads(1)[0]))
        answer = self.clinic_2.stow([whole[: len(whole) // 2]])
        must(
            answer.status == 409 and answer.failed and not answer.stored,
            f"a file cut short was answered {answer.status}",
        )
        must(self.clinic_2.exam(damaged.study) is None, "a file cut short left an exam")
        refusal = self.clinic_2.get("/api/ingest/v1/refusals")["items"][0]
        step.tell(
            f"a file cut short: refused, 409 with reason {next(iter(answer.failed.values())):#06x}: {refusal['detail']}"
        )

    def _identities(self, name: str) -> list[str]:
        found = self.owner(name).instances(self.exams[name].study)
        return sorted(entry["00080018"]["Value"][0] for entry in found)

    def _complete(self, name: str) -> Any:
        owner, study = self.owner(name), self.exams[name].study
        exam = wait_for(f"the {name} exam", lambda: owner.exam(study))
        owner.post(f"/api/ingest/v1/exams/{exam['id']}/complete")
        return wait_for(
            f"the {name} exam's completion", lambda: self._exam_when(name, lambda one: one["state"] != "receiving")
        )

    def _exam_when(self, name: str, condition: Callable[[Any], bool]) -> Any:
        """The exam once it is as asked, else None."""
        exam = self.owner(name).exam(self.exams[name].study)
        return exam if exam and condition(exam) else None

    # 4 ------------------------------------------------------------------------------------------------------------------
    def artificial_reading(self, story: Story) -> None:
        """The model's measurements, as SR in the study."""
        with story.step("AI reads the exams on Triton; its findings are DICOM SR in the study") as step:
            for name in ("first", "second"):
                step.tell(f"{name}: {self._ai_of(name)}")
            step.tell(f"cine: {self._task('cine', ai=('completed', 'skipped', 'failed'))['ai']}")

    def _ai_of(self, name: str) -> str:
        self._task(name, ai=("completed",))
        study = self.exams[name].study
        entry = wait_for(
            f"the SR of the {name} exam", lambda: self.owner(name).instances(study, Modality="SR"), AI_SECONDS
        )[0]
        document = pydicom.dcmread(
            BytesIO(self.owner(name).wado(study, entry["0020000E"]["Value"][0], entry["00080018"]["Value"][0]))
        )
        read = highdicom.sr.srread(BytesIO(part10(document)))
        must(read.content is not None, "highdicom finds nothing in the SR")
        values = [f"{MEASURED[code]} {measured(item)}" for item, code in _numbers(document) if code in MEASURED]
        must({value.split()[0] for value in values} >= {"HC", "BPD", "OFD", "GA"}, f"the SR holds only {values}")
        views = sorted({item.ConceptCodeSequence[0].CodeMeaning for item in _answers(document, "111031")})
        return f"{', '.join(views)}: {', '.join(values)}; {self._outlines_of(name)}"

    def _outlines_of(self, name: str) -> str:
        """Beside the SR: an outline for each measured image, and the note of the key images, which comes last."""
        owner, study = self.owner(name), self.exams[name].study
        wait_for(f"the key-object note of the {name} exam", lambda: owner.instances(study, Modality="KO"), AI_SECONDS)
        outlines = owner.instances(study, Modality="SEG")
        must(len(outlines) >= 1, "the outlines are not in the study")
        return f"{len(outlines)} outlines as SEG, a key-object note"

    # 5 ------------------------------------------------------------------------------------------------------------------
    def reading(self, story: Story) -> None:
        """Claim, decide the findings, sign; then the late instance and its addendum."""
        with story.step(
            "An expert reads and signs; the clinic fetches PDF, SR and FHIR; a late image leads to an addendum"
        ) as step:
            self._sign("first", step)
            self._fetch_report("first", step)
            self._sign("second", None)
            step.tell("the second exam is signed too")
            self._late_instance(step)

    def _task(self, name: str, ai: tuple[str, ...] = (), seconds: float = AI_SECONDS) -> Any:
        study = self.exams[name].study

        def look() -> Any:
            for task in self.expert.pages("/api/reporting/v1/worklist"):
                if task["study_instance_uid"] == study and (not ai or task["ai"] in ai):
                    return task
            return None

        return wait_for(f"the {name} exam on the expert's worklist{f' with AI {ai}' if ai else ''}", look, seconds)

    def _sign(self, name: str, step: Step | None) -> None:
        task = self._task(name)
        claimed = self.expert.post(f"/api/reporting/v1/tasks/{task['id']}/claim")
        report_id = claimed["report_id"]
        report = self.expert.get(f"/api/reporting/v1/reports/{report_id}")
        decided, said = decide(report["findings"])
        self.expert.put(f"/api/reporting/v1/reports/{report_id}/draft", decided | words(said))
        self.expert.post(f"/api/reporting/v1/reports/{report_id}/sign", {"attestation": True})
        self.reports[name] = report_id
        if step:
            step.tell(f"{name}: the draft held {len(report['findings'])} findings of the AI; {said}; signed")

    def _fetch_report(self, name: str, step: Step) -> None:
        owner, report_id = self.owner(name), self.reports[name]
        pdf = owner.fetch(f"/api/reporting/v1/reports/{report_id}.pdf")
        must(pdf.startswith(b"%PDF-") and b"/ByteRange" in pdf, "the report's PDF is not signed")
        document = pydicom.dcmread(BytesIO(owner.fetch(f"/api/reporting/v1/reports/{report_id}.dcm")))
        must(document.StudyInstanceUID == self.exams[name].study, "the report's SR is of another study")
        bundle = owner.get("/fhir/R4/DiagnosticReport", identifier=f"urn:oid:{self.exams[name].study}")
        must(bundle["total"] == 1, f"FHIR finds {bundle['total']} reports")
        resource = bundle["entry"][0]["resource"]
        step.tell(
            f"clinic 1 fetched: PDF {len(pdf) // 1024} KB with its seal, SR {document.SOPClassUID.name},"
            f" FHIR DiagnosticReport {resource['status']} with {len(resource.get('result', []))} observations"
        )

    def _late_instance(self, step: Step) -> None:
        must(self.late is not None, "there is no late instance")
        # The clinic pays the reader for the reading and the platform for AI; the reader pays the platform.
        charges = self._charged("first", CHARGED_WITH_AI)
        stored = self.clinic_1.stow([part10(self.late)] if self.late else [])
        must(stored.status == 200, f"the late instance was answered {stored.status}")
        exam = wait_for("the amended exam", lambda: self._exam_when("first", lambda one: one["revision"] > 1))
        report_id = self.reports["first"]
        report = f"/api/reporting/v1/reports/{report_id}"
        offered = wait_for("the new analysis, offered", lambda: self.expert.get(report)["offered"], AI_SECONDS)
        decided, _ = decide(offered)
        self.expert.post(
            f"{report}/addenda",
            decided | words("补充：新增图像已阅。The late image was read.") | {"attestation": True},
        )
        version = self.clinic_1.get(report)["version"]
        must(version == 2, f"the addendum is version {version}")
        wait_for(
            "the addendum at the clinic", lambda: self._exam_when("first", lambda one: one["report_state"] == "amended")
        )
        must(self._usage("first") == charges, "the late image or the addendum was charged")
        step.tell(
            f"a late image: exam revision {exam['revision']}, a new analysis, an addendum (version 2),"
            f" still {len(charges)} charges: {', '.join(item['item_code'] for item in charges)}"
        )

    def _usage(self, name: str) -> list[Any]:
        """What an exam is charged, as the clinic's and the reader's billing admins see it, by item."""
        exam = self.owner(name).exam(self.exams[name].study)
        clinic = self.cast.clinic_1 if name == "first" else self.cast.clinic_2
        admins = [self.outside.person(alias, "billing_admin") for alias in (clinic, self.cast.reader)]
        seen = {
            item["id"]: item for admin in admins for item in admin.pages("/api/billing/v1/usage", exam_id=exam["id"])
        }
        return sorted(seen.values(), key=lambda item: str(item["item_code"]))

    def _charged(self, name: str, items: list[str]) -> list[Any]:
        """The exam's charges once they are these items."""

        def look() -> list[Any] | None:
            found = self._usage(name)
            return found if [item["item_code"] for item in found] == items else None

        return wait_for(f"the {name} exam's charges ({', '.join(items)})", look)

    # 6 ------------------------------------------------------------------------------------------------------------------
    def without_triton(self, story: Story) -> None:
        """Triton is killed; the exam goes on without AI; then Triton comes back."""
        with story.step(
            "Triton is killed; an exam goes on without AI; Triton comes back and the next one has it"
        ) as step:
            self.kill("triton")
            self._new_exam("third", 4)
            task = self._task("third", ai=("failed",))
            step.tell(f"Triton killed: the third exam reached the expert, AI {task['ai']}")
            self._sign("third", None)
            items = self._charged("third", CHARGED_WITHOUT_AI)
            step.tell(f"signed without AI; charged: {', '.join(item['item_code'] for item in items)}")
            self.start("triton")
            self._new_exam("fourth", 5)
            step.tell(f"Triton is back; the fourth exam has AI: {self._ai_of('fourth')}; it stays unread")

    def _new_exam(self, name: str, picture: int) -> None:
        exam = Exam(Patient("Sun^Li=孙丽", f"C2-{name}", "19940606"), "胎儿超声 Fetal", f"B-{name}", datetime.now())
        exam.add_head(heads(6)[picture])
        self.exams[name] = exam
        must(self.clinic_2.stow(exam.files()).status == 200, f"the {name} exam was not stored")
        self._complete(name)

    # 7 ------------------------------------------------------------------------------------------------------------------
    def other_region(self, story: Story) -> None:
        """A hospital of the other region tries every route."""
        with story.step("A hospital of the other region looks for the first study by every route") as step:
            exam = self.clinic_1.exam(self.exams["first"].study)
            tries = self._foreign_tries(exam)
            found = {route: outcome for route, outcome in tries.items() if outcome not in ("404", "nothing", "403")}
            must(not found, f"something exists for it: {found}")
            step.tell(f"{len(tries)} routes tried: nothing exists for it ({', '.join(sorted(set(tries.values())))})")

    def _foreign_tries(self, exam: Any) -> dict[str, str]:
        study, series = self.exams["first"].study, self.exams["first"].series
        instance, report, exam_id = self.exams["first"].instances[0].SOPInstanceUID, self.reports["first"], exam["id"]
        task = self._signed_task("first")
        line = self._usage("first")[0]["id"]
        below = f"/dicomweb/studies/{study}"
        paths = [
            *(f"/dicomweb/studies?StudyInstanceUID={study}", f"/dicomweb/series?StudyInstanceUID={study}"),
            *(
                f"/dicomweb/instances?StudyInstanceUID={study}",
                f"{below}/series",
                f"{below}/instances",
                below,
                f"{below}/metadata",
            ),
            *(f"{below}/series/{series}", f"{below}/series/{series}/instances/{instance}"),
            *(
                f"{below}/series/{series}/instances/{instance}/{what}"
                for what in ("metadata", "frames/1", "rendered", "thumbnail")
            ),
            *(f"/api/ingest/v1/exams/{exam_id}", f"/api/ingest/v1/exams?study_instance_uid={study}"),
            *(f"/api/inference/v1/analyses?exam_id={exam_id}", f"/api/reporting/v1/tasks/{task}"),
            *(f"/api/reporting/v1/reports/{report}{kind}" for kind in ("", ".pdf", ".dcm")),
            *(f"/api/reporting/v1/reports?exam_id={exam_id}", f"/fhir/R4/DiagnosticReport/{report}"),
            *(
                f"/fhir/R4/DiagnosticReport?identifier=urn:oid:{study}",
                f"/fhir/R4/DiagnosticReport?identifier={report}",
            ),
            *(f"/api/billing/v1/usage?exam_id={exam_id}", f"/api/billing/v1/lines/{line}/trace"),
        ]
        outcomes = {}
        for role in ("expert", "billing_admin", "clinic_staff"):
            caller = self.outside.person(self.cast.other_region, role)
            for path in paths:
                outcomes[f"{role} {path}"] = nothing_in(caller, path)
        return outcomes

    def _signed_task(self, name: str) -> str:
        return str(self.expert.get(f"/api/reporting/v1/reports/{self.reports[name]}")["task_id"])

    # 8 ------------------------------------------------------------------------------------------------------------------
    def period_end(self, story: Story) -> None:
        """Close, invoices, settlements, a trace, the ledger."""
        with story.step("The period is closed: invoices, settlements, a line traced back, the ledger") as step:
            operator = self.outside.person(self.cast.platform, "operator")
            through = datetime.now(UTC).isoformat()
            operator.post("/api/billing/v1/periods/close", {"through": through})
            operator.post("/api/billing/v1/periods/close", {"through": through})
            self._invoices(step)
            admin = self.outside.person(self.cast.reader, "billing_admin")
            line = next(item for item in self._usage("first") if item["item_code"] == "reading")
            trace = admin.get(f"/api/billing/v1/lines/{line['line_id']}/trace")
            must(trace["exam"]["study_instance_uid"] == self.exams["first"].study, "the trace leads to another exam")
            must(
                trace["trace_id"] == self.clinic_1.exam(self.exams["first"].study)["trace_id"], "the trace id was lost"
            )
            step.tell(
                f"a line of {line['item_code']} leads to exam {trace['exam']['id']}, {len(trace['events'])} events,"
                f" report {trace['report']['id']} v{trace['report']['version']}, agreement {trace['agreement']['number']}"
                f" v{trace['agreement']['version']}, trace {trace['trace_id']}"
            )
            accounts = operator.get("/api/billing/v1/ledger/accounts")["items"]
            sums = sums_by_currency(accounts)
            must(accounts and not any(sums.values()), f"the ledger does not balance: {sums}")
            step.tell(f"the ledger's {len(accounts)} accounts sum to zero")

    def _invoices(self, step: Step) -> None:
        """One invoice per payer and payee, one settlement statement per organisation, each as its own billing admins see them."""
        told: dict[str, str] = {}
        for alias in (self.cast.clinic_1, self.cast.clinic_2, self.cast.reader):
            admin = self.outside.person(alias, "billing_admin")
            invoices = admin.pages("/api/billing/v1/invoices")
            pairs = [(one["payer"]["id"], one["payee"]["id"], one["total"]["currency"]) for one in invoices]
            must(invoices and len(pairs) == len(set(pairs)), f"not one invoice per payer and payee: {pairs}")
            for one in invoices:
                pdf = admin.fetch(f"/api/billing/v1/invoices/{one['id']}.pdf")
                must(pdf.startswith(b"%PDF-"), "an invoice has no PDF")
                told[one["number"]] = f"{one['payer']['name_zh']} → {one['payee']['name_zh']} {money(one['total'])}"
            settlements = admin.pages("/api/billing/v1/settlements")
            must(len(settlements) == 1, f"{len(settlements)} settlement statements for one organisation")
            owes, earns = settlements[0]["owes"], settlements[0]["earns"]
            name = settlements[0]["organisation"]["name_zh"]
            told[f"settlement of {name}"] = f"owes {money(owes)}, earned {money(earns)}"
        for what, said in sorted(told.items(), key=lambda item: (item[0].startswith("settlement"), item[0])):
            step.tell(f"{what if what.startswith('settlement') else f'invoice {what}'}: {said}")


def decide(findings: list[Any]) -> tuple[dict[str, Any], str]:
    """Accept all findings but the second measured one, whose value is corrected by a hundredth; the draft's part, and what was done."""
    measured = [finding for finding in findings if not finding["coded"]]
    second: Any = measured[1] if len(measured) > 1 else None
    decisions = []
    for finding in findings:
        if finding is second:
            corrected = round(finding["value"] * 1.01, 1)
            decisions.append({"finding_id": finding["finding_id"], "state": "corrected", "corrected_value": corrected})
        else:
            decisions.append({"finding_id": finding["finding_id"], "state": "accepted"})
    said = f"{measured[0]['label_en']} accepted, {second['label_en']} corrected" if second else "nothing to correct"
    return {"findings": decisions}, said


def words(text: str) -> dict[str, Any]:
    """A report's free text."""
    return {
        "description": f"胎头切面清晰。Fetal head plane, clear. {text}",
        "impression": "单胎，未见明显异常。No abnormality seen.",
        "recommendation": "按期复查。Routine follow-up.",
        "critical": False,
    }


def nothing_in(caller: Session, path: str) -> str:
    """How a route said that there is nothing, or what it gave."""
    answer = caller.send("GET", path)
    if answer.status_code in (403, 404):
        return str(answer.status_code)
    if answer.status_code == 204:
        return "nothing"
    body = answer.json() if "json" in answer.headers.get("content-type", "") else None
    empty = body == [] or (isinstance(body, dict) and (body.get("items") == [] or body.get("total") == 0))
    return "nothing" if answer.status_code == 200 and empty else f"{answer.status_code} {answer.text[:80]}"


def sums_by_currency(accounts: list[Any]) -> dict[str, int]:
    """The balances of the ledger's accounts added up, in minor units; all zero in books that balance."""
    sums: dict[str, int] = {}
    for account in accounts:
        balance = account["balance"]
        sums[balance["currency"]] = sums.get(balance["currency"], 0) + balance["amount_minor"]
    return sums


def money(amount: Any) -> str:
    """An amount for people; every currency here has two decimals (ISO 4217)."""
    return f"{amount['amount_minor'] / 100:.2f} {amount['currency']}"


def measured(item: Dataset) -> str:
    """A NUM item's value and unit."""
    value = item.MeasuredValueSequence[0]
    return f"{value.NumericValue} {value.MeasurementUnitsCodeSequence[0].CodeValue}"


def _numbers(document: Dataset) -> list[tuple[Dataset, str]]:
    return [(item, item.ConceptNameCodeSequence[0].CodeValue) for item in _items(document, "NUM")]


def _answers(document: Dataset, question: str) -> list[Dataset]:
    return [item for item in _items(document, "CODE") if item.ConceptNameCodeSequence[0].CodeValue == question]


def _items(document: Dataset, value_type: str) -> list[Dataset]:
    """The content items of this type, however deep."""
    found = []
    for item in document.get("ContentSequence", []):
        if item.ValueType == value_type:
            found.append(item)
        found += _items(item, value_type)
    return found
