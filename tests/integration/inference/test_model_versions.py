"""A new version comes while the service runs: in the shadow, shown by one decision, taken back by another, no exam lost."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sonobridge.directory.v1 import directory_pb2 as directory
from sonobridge.inference.v1 import events_pb2 as pb
from sonobridge.ingest.v1 import events_pb2 as ingest
from sonobridge.reporting.v1 import events_pb2 as reporting

from infra.local.kafka import Kafka
from infra.local.triton import Triton
from services.admin.main import main
from tests.fakes.oidc import FakeIssuer
from tests.integration.inference.conftest import staged
from tests.integration.inference.pictures import box, ultrasound
from tests.integration.inference.stage import TRIAL, Stage
from tests.integration.inference.workshop import MOODY, install, remove, set_mood
from tests.parts import TEST_PARTITIONS, Database, Topics

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDER = "circumference * 1.5"


@dataclass
class Clinic:
    """A stage whose model has further versions in a folder."""

    stage: Stage
    further: Path

    async def sent(self, *pictures: tuple[int, int, int, int], agreement: int = 1) -> ingest.Exam:
        files = [
            (*ultrasound([box(*picture)], "1.2.9", "1.2.3", ManufacturerModelName="Voluson E10"), 1)
            for picture in pictures
        ]
        exam = self.stage.exam(*files, version=agreement)
        for instance in exam.instances:
            instance.scanner = "Voluson  E10 "
        await self.stage.complete(exam)
        return exam

    async def outcome(self, agreement: int = 1) -> Any:
        """What becomes of a new exam with a head whose circumference version 1 gives as 140 mm."""
        exam = await self.sent((20, 30, 80, 110), agreement=agreement)
        (found,) = await self.stage.outcomes(exam.exam_id, seconds=60)
        return found

    async def installed(self, version: str) -> Path:
        """A version whose circumferences are half as large again, in the folder and taken in."""
        source = (Path(__file__).parent / "models" / "identity" / "postprocess.py").read_text(encoding="utf-8")
        wider = source.replace('circumference, "mm", circumference, circumference', f'{WIDER}, "mm", {WIDER}, {WIDER}')
        made = install(self.further, "identity", version, postprocess=wider, as_version=True)
        await self.until(lambda versions: version in versions)
        return made

    async def until(self, holds: Any, name: str = "identity") -> None:
        """The versions of a model that can be asked are as they should."""
        for _ in range(150):
            models = (await self.stage.operate("GET", "models")).json()["items"]
            versions = [version for one in models if one["name"] == name for version in one["versions"]]
            if holds({one["version"] for one in versions if one["loaded"]}):
                return
            await asyncio.sleep(0.2)
        raise AssertionError("the service does not look again")

    async def decide(self, act: str, **body: Any) -> dict[str, Any]:
        """The requester's versions after the decision."""
        answer = await self.stage.operate("POST", f"models/identity/{act}", organisation="o0", reason="test", **body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["items"][0]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(
    migrated: Database,
    kafka: Kafka,
    triton: Triton,
    issuer: FakeIssuer,
    models_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Clinic]:
    assert triton.further is not None
    topics = Topics(kafka.bootstrap, f"t{uuid.uuid4().hex}.")
    kafka.create_topics(topics.prefix, TEST_PARTITIONS)
    folder = tmp_path_factory.mktemp("stage")
    async with staged(migrated, topics, triton, issuer, models_dir, folder, further_models_dir=triton.further) as stage:
        await stage.agree(TRIAL, role="quality_manager")
        await stage.appoint_operator()
        await stage.start()
        yield Clinic(stage, triton.further)


def circumference(done: Any) -> float:
    assert isinstance(done, pb.AnalysisCompleted), done
    return float(next(one.measurement.value for one in done.findings if one.code.value == "11984-2"))


async def test_a_hospital_is_pinned_by_its_first_exam(clinic: Clinic) -> None:
    assert circumference(await clinic.outcome()) == 140
    rows = clinic.stage.rows("SELECT model, shown_version, shadow_version FROM inference.model_versions")
    assert rows == [("identity", "1.0.0", "")]
    changes = (await clinic.stage.operate("GET", "models/identity/changes")).json()["items"]
    assert [(one["organisation"], one["act"], one["changed_by"]) for one in changes] == [("o0", "first_use", "")]


async def test_in_the_shadow_a_version_runs_is_compared_and_not_shown(clinic: Clinic) -> None:
    await clinic.installed("2.0.0")
    assert (await clinic.decide("shadow", version="2.0.0"))["shadow_version"] == "2.0.0"
    done = await clinic.outcome()
    assert circumference(done) == 140
    assert [run.model.version for run in done.runs] == ["1.0.0"]
    versions = (await clinic.stage.operate("GET", "model-versions")).json()["items"]
    (own,) = [one for one in versions if one["organisation"] == "o0"]
    assert {(one["version"], one["against"]) for one in own["comparisons"]} == {("2.0.0", "1.0.0")}
    assert (own["comparisons"][0]["code"], own["comparisons"][0]["meaning"]) == (
        "11984-2",
        "Head Circumference",
    )  # the worst
    counted = {one["code"]: (one["exams"], one["compared"], one["disagreed"]) for one in own["comparisons"]}
    assert counted["11984-2"] == (1, 1, 1)
    assert counted["11820-8"] == (1, 1, 0)
    disagreed = 'sonobridge_inference_shadow_disagreed_total{code="11984-2",model="identity@2.0.0"} 1.0'
    assert disagreed in await clinic.stage.metrics()


async def test_promoted_it_is_shown_without_a_restart_and_rolled_back_it_is_not(clinic: Clinic) -> None:
    promoted = await clinic.decide("promote", shown="1.0.0")
    worst = promoted["comparisons"][0]
    assert (worst["version"], worst["code"], worst["disagreed"]) == ("2.0.0", "11984-2", 1)  # why it was promoted stays
    assert (promoted["shown_version"], promoted["previous_version"], promoted["shadow_version"]) == (
        "2.0.0",
        "1.0.0",
        "",
    )
    done = await clinic.outcome()
    assert circumference(done) == 210
    assert done.runs[0].model.version == "2.0.0"
    own = (await clinic.stage.get(clinic.stage.requester, "models")).json()["items"][0]
    assert (own["version"], own["card"]["version"]) == ("2.0.0", "2.0.0")
    other = (await clinic.stage.get(clinic.stage.stranger, "models")).json()["items"][0]
    assert other["version"] == "1.0.0"
    back = await clinic.decide("rollback")
    assert back["shown_version"] == "1.0.0"
    assert back["comparisons"] == promoted["comparisons"]  # and why it was taken back can be weighed against it
    assert circumference(await clinic.outcome()) == 140
    changes = (await clinic.stage.operate("GET", "models/identity/changes")).json()["items"]
    assert [(one["act"], one["changed_by"], one["reason"]) for one in changes[:3]] == [
        ("rollback", "Op Erator", "test"),
        ("promote", "Op Erator", "test"),
        ("shadow", "Op Erator", "test"),
    ]


async def test_exams_under_way_keep_their_version_and_none_is_lost(clinic: Clinic) -> None:
    exams = []
    for act in ("promote", "rollback") * 3:
        exams += [await clinic.sent((20, 30, 80, 110), (20, 30, 80, 110)) for _ in range(4)]
        await clinic.decide(act, **({"version": "2.0.0"} if act == "promote" else {}))
    for exam in exams:
        (done,) = await clinic.stage.outcomes(exam.exam_id, seconds=90)
        (run,) = done.runs
        figures = {one.measurement.value for one in done.findings if one.code.value == "11984-2"}
        assert figures == {140 if run.model.version == "1.0.0" else 210}  # both images by one version


async def test_an_exam_that_was_cut_off_is_taken_up_with_the_versions_that_it_began_with(clinic: Clinic) -> None:
    clinic.stage.crash_file.write_text("inference.started")
    exam = await clinic.sent((20, 30, 80, 110))
    await clinic.stage.died()
    began = f"SELECT versions->'identity'->>0 FROM inference.analyses WHERE exam_id = '{exam.exam_id}'"
    assert clinic.stage.rows(began) == [("1.0.0",)]
    # As if somebody else's replica had taken the decision meanwhile.
    clinic.stage.change("UPDATE inference.model_versions SET shown_version = '2.0.0' WHERE model = 'identity'")
    await clinic.stage.start()
    (done,) = await clinic.stage.outcomes(exam.exam_id, seconds=60)
    assert done.runs[0].model.version == "1.0.0"
    assert clinic.stage.rows(began) == [("1.0.0",)]
    assert circumference(await clinic.outcome()) == 210
    clinic.stage.change("UPDATE inference.model_versions SET shown_version = '1.0.0' WHERE model = 'identity'")


async def test_a_version_that_is_removed_while_a_hospital_is_pinned_to_it_is_a_clear_error(clinic: Clinic) -> None:
    made = await clinic.installed("3.0.0")
    await clinic.decide("promote", version="3.0.0")
    assert circumference(await clinic.outcome()) == 210
    remove(made)
    await clinic.until(lambda versions: "3.0.0" not in versions)
    skipped = await clinic.outcome()
    assert skipped.rule == "model_version_not_installed"
    assert "identity 3.0.0" in skipped.reason
    own = (await clinic.stage.get(clinic.stage.requester, "models")).json()["items"][0]
    assert (own["version"], own["installed"]) == ("3.0.0", False)
    await clinic.decide("rollback")
    assert circumference(await clinic.outcome()) == 140


async def test_files_that_changed_while_the_service_was_down_are_loaded_anew_when_it_starts(clinic: Clinic) -> None:
    made = install(clinic.further, "changing", weights=MOODY.encode(), kind="TYPE_FP32")
    set_mood(made, "well")
    changing = directory.ModelPermission(model="changing", mode=directory.GATE_MODE_TRIAL, ethics_protocol="EC-7")
    await clinic.stage.agree(changing, version=3, role="quality_manager")
    await clinic.until(bool, "changing")
    assert (await clinic.outcome(agreement=3)).runs[0].outcome == "findings"
    await clinic.stage.kill()
    remove(made)
    # The same version, so that the hospital's pin holds: what counts here is what Triton runs.
    made = install(clinic.further, "changing", weights=MOODY.replace('"rubbish"', '"well"').encode(), kind="TYPE_FP32")
    set_mood(made, "well")
    await clinic.stage.start()
    for _ in range(50):
        done = await clinic.outcome(agreement=3)
        if isinstance(done, pb.AnalysisFailed):
            break
    assert "not numbers" in done.reason
    remove(made)


async def test_a_removed_version_is_named_beside_what_the_other_models_say(clinic: Clinic) -> None:
    made = install(clinic.further, "second")
    second = directory.ModelPermission(model="second", mode=directory.GATE_MODE_TRIAL, ethics_protocol="EC-7")
    await clinic.stage.agree(TRIAL, second, version=2, role="quality_manager")
    await clinic.until(bool, "second")
    assert [run.outcome for run in (await clinic.outcome(agreement=2)).runs] == ["findings", "findings"]
    remove(made)
    for _ in range(50):
        done = await clinic.outcome(agreement=2)
        runs = {run.model.name: run for run in done.runs}
        if "the version 1.0.0 of second, to which the hospital is pinned, is not installed" in runs["second"].reason:
            break
    assert "pinned" in runs["second"].reason, runs["second"].reason
    assert (runs["second"].outcome, runs["second"].frames) == (
        "failed",
        0,
    )  # the agreement's mode, but nothing to charge
    assert runs["identity"].outcome == "findings"
    assert {one.model.name for one in (*done.findings, *done.hints)} == {"identity"}


async def test_a_model_whose_card_says_shadow_is_not_shown_though_the_agreement_says_trial(clinic: Clinic) -> None:
    made = install(clinic.further, "timid", regulatory={"class": "III", "mode": "shadow"})
    timid = directory.ModelPermission(model="timid", mode=directory.GATE_MODE_TRIAL, ethics_protocol="EC-7")
    await clinic.stage.agree(timid, version=4, role="quality_manager")
    await clinic.until(bool, "timid")
    assert (await clinic.outcome(agreement=4)).rule == "shadow_only"
    models = {one["name"]: one for one in (await clinic.stage.get(clinic.stage.requester, "models")).json()["items"]}
    permitted = models["timid"]["permitted"][0]
    assert (permitted["mode"], permitted["runs_as"], models["timid"]["most"]) == ("trial", "shadow", "shadow")
    counted = 'sonobridge_inference_beyond_card_total{asked="trial",model="timid",runs="shadow"}'
    assert counted in (await clinic.stage.metrics())
    remove(made)


async def test_what_cannot_be_is_refused_with_the_reason(clinic: Clinic) -> None:
    operate = clinic.stage.operate
    unknown = await operate("POST", "models/identity/promote", version="9.0.0", organisation="o0")
    assert (unknown.status_code, unknown.json()["type"]) == (409, "urn:sonobridge:VersionNotInstalled")
    assert "installed: 1.0.0, 2.0.0" in unknown.json()["detail"]
    overtaken = await operate("POST", "models/identity/promote", version="2.0.0", organisation="o0", shown="3.0.0")
    assert (overtaken.status_code, overtaken.json()["type"]) == (409, "urn:sonobridge:VersionChanged")
    assert "1.0.0 is shown by now, not 3.0.0" in overtaken.json()["detail"]
    nothing = await operate("POST", "models/identity/rollback", organisation="o0")
    assert nothing.status_code == 409
    assert (await operate("POST", "models/nobody/promote", version="1.0.0")).status_code == 404
    assert (await operate("POST", "models/identity/shadow", version="2.0.0", organisation="nobody")).status_code == 404
    for path in ("model-versions", "models/identity/changes"):
        assert (await clinic.stage.get(clinic.stage.requester, path)).status_code == 403
    for act in ("shadow", "promote", "rollback"):
        refused = await clinic.stage.ask(clinic.stage.requester, "POST", f"models/identity/{act}", version="2.0.0")
        assert refused.status_code == 403, act


async def test_a_decision_for_all_holds_for_hospitals_that_come_later(clinic: Clinic) -> None:
    answer = await clinic.stage.operate("POST", "models/identity/promote", version="2.0.0", reason="for all")
    changed = {(one["organisation"], one["shown_version"], one["changed"]) for one in answer.json()["items"]}
    assert changed == {("o0", "2.0.0", True), ("platform", "2.0.0", True)}
    other = (await clinic.stage.get(clinic.stage.stranger, "models")).json()["items"][0]
    assert other["version"] == "2.0.0"
    await clinic.stage.operate("POST", "models/identity/rollback", reason="for all")
    assert circumference(await clinic.outcome()) == 140


async def operates(clinic: Clinic, folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `sonobridge admin models` says to the operator."""
    token = folder / "token"
    token.write_text(clinic.stage.issuer.token("operator", "platform"))
    given = ["models", *words, "--origin", clinic.stage.http, "--token-file", str(token)]
    assert await asyncio.to_thread(main, given) == 0, capsys.readouterr().err
    return capsys.readouterr().out


async def test_the_operator_does_all_of_it_by_one_command(
    clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def command(*words: str) -> str:
        return await operates(clinic, tmp_path, capsys, *words)

    await command("shadow", "identity", "2.0.0", "--organisation", "o0", "--reason", "try it")
    await clinic.outcome()
    listed = await command("list")
    assert "in_service" in listed
    (own,) = [line.split() for line in listed.splitlines() if line.startswith("identity") and " o0 " in line]
    assert own[:4] == ["identity", "o0", "1.0.0", "2.0.0"]
    said = [line for line in listed.splitlines() if line.startswith("identity") and "2.0.0" in line and " of " in line]
    assert said[0].split()[:5] == ["identity", "2.0.0", "1.0.0", "Head", "Circumference"]  # the worst
    assert said[0].endswith("(100%)")
    assert "1 changed, 0 unchanged" in await command("promote", "identity", "--organisation", "o0")
    assert circumference(await clinic.outcome()) == 210
    assert "1 changed" in await command("rollback", "identity", "--organisation", "o0", "--reason", "too wide")
    assert "too wide" in await command("changes", "identity")
    assert (
        await asyncio.to_thread(
            main,
            [
                "models",
                "promote",
                "identity",
                "9.9.9",
                "--all",
                "--origin",
                clinic.stage.http,
                "--token-file",
                str(tmp_path / "token"),
            ],
        )
        == 1
    )
    assert "9.9.9 is not installed; installed: 1.0.0, 2.0.0" in capsys.readouterr().err


async def test_a_version_that_only_fails_is_counted_and_promoting_it_warns(
    clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = install(clinic.further, "identity", "4.0.0", weights=MOODY.encode(), kind="TYPE_FP32", as_version=True)
    set_mood(made, "rubbish")
    await clinic.until(lambda versions: "4.0.0" in versions)

    async def command(*words: str) -> str:
        return await operates(clinic, tmp_path, capsys, *words)

    def failures(listed: str) -> list[str]:
        lines = listed[listed.index("failed on") :].splitlines()
        return [line for line in lines if line.split()[:2] == ["identity", "4.0.0"]]

    assert "warning: identity 4.0.0 has read no image here yet" in await command(
        "promote", "identity", "4.0.0", "--organisation", "o0"
    )
    assert "warning" not in await command("rollback", "identity", "--organisation", "o0")
    await command("shadow", "identity", "4.0.0", "--organisation", "o0")
    (line,) = failures(await command("list"))
    assert line.split() == ["identity", "4.0.0", "0", "0"]
    await clinic.outcome()
    versions = (await clinic.stage.operate("GET", "model-versions")).json()["items"]
    (own,) = [one for one in versions if one["organisation"] == "o0" and one["model"] == "identity"]
    assert not [one for one in own["comparisons"] if one["version"] == "4.0.0"]  # which alone would look like agreement
    assert own["answers"][0] == {"version": "4.0.0", "shown": False, "answered": 0, "failed": 1}  # the worst
    (every,) = [one for one in versions if one["platform"] and one["model"] == "identity"]
    assert every["answers"] == own["answers"]  # what new hospitals begin with is judged by all hospitals
    (line,) = failures(await command("list"))
    assert line.split() == ["identity", "4.0.0", "1", "1", "(100%)"]
    counted = 'sonobridge_inference_model_runs_total{mode="shadow",model="identity@4.0.0",outcome="failed"} 1.0'
    assert counted in await clinic.stage.metrics()
    for whose in (("--organisation", "o0"), ("--all",)):
        warned = await command("promote", "identity", *(["4.0.0"] if "--all" in whose else []), *whose)
        assert "warning: identity 4.0.0 failed here on 1 of 1 images" in warned
        await command("rollback", "identity", *whose)
    remove(made)


async def test_drift_counts_answers_and_reviews_for_owner_and_reader_alone(clinic: Clinic) -> None:
    exam = await clinic.sent((20, 30, 80, 110))
    (done,) = await clinic.stage.outcomes(exam.exam_id, seconds=60)
    states = [reporting.FINDING_STATE_ACCEPTED, reporting.FINDING_STATE_CORRECTED, reporting.FINDING_STATE_REJECTED]
    signed = reporting.ReportSigned(
        version=1,
        exam_id=exam.exam_id,
        organisation_id=exam.organisation_id,
        findings=[
            reporting.ReviewedFinding(finding=finding, state=state)
            for finding, state in zip(done.findings, states, strict=True)
        ],
        let_stand=done.findings[:2],
    )
    event = await clinic.stage.send("reporting.v1", "report.signed", exam.exam_id, clinic.stage.requester, signed)
    await clinic.stage.resend("reporting.v1", event)
    forged = clinic.stage.exam()
    signed.exam_id = forged.exam_id
    await clinic.stage.send("reporting.v1", "report.signed", forged.exam_id, clinic.stage.requester, signed)

    async def drift(organisation_id: uuid.UUID) -> dict[tuple[str, str], Any]:
        answer = await clinic.stage.get(organisation_id, "drift?by_scanner=true&by_organisation=true")
        assert answer.status_code == 200, answer.text
        own = [one for one in answer.json()["items"] if one["model"] == "identity"]
        return {(one["version"], one["organisation"]): one for one in own}

    for _ in range(100):
        own = (await drift(clinic.stage.requester))["1.0.0", "o0"]
        if own["review"]:
            break
        await asyncio.sleep(0.2)
    assert own["review"]["recent"] == [3, 1, 1]  # what was let stand counts as accepted
    assert own["scanner"] == "Voluson E10"
    assert own["outcome"]["recent"][0] > 10
    assert own["certainty"]["recent"][9] == sum(own["certainty"]["recent"]) > 10
    assert own["outcome"]["verdict"] == "too_few"
    assert (await drift(clinic.stage.reader))["1.0.0", "o0"] == own
    assert {one["shown"] for one in (await drift(clinic.stage.reader)).values()} == {True}  # the shadow is not theirs
    assert await drift(clinic.stage.stranger) == {}
    everything = (await clinic.stage.operate("GET", "drift?by_organisation=true")).json()["items"]
    assert {one["shown"] for one in everything} == {True, False}
    metrics = await clinic.stage.metrics()
    assert (
        'sonobridge_inference_reviews_total{model="identity",organisation="o0",review="corrected",scanner="Voluson E10"'
        in metrics
    )
