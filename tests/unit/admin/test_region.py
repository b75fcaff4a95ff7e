"""A region file, applied to a directory that answers as the real one does."""

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import pytest
import yaml
from pydantic import TypeAdapter

from services.admin import region
from services.admin.connection import Directory, Failed
from services.admin.credentials import Credentials
from services.admin.region import Applier, Result
from services.directory.http import bodies
from services.directory.model import Agreement, Organisation, check_roles, conflict_between, coverage_of
from services.inference import models

DEMO = Path(__file__).parents[3] / "infra" / "demo" / "demo.yaml"


class FakeDirectory:
    """Remembers what was put and answers created, changed or unchanged; draws a secret at first."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.drawn = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/directory/v1/")
        if request.method == "POST":
            self.drawn += 1
            return httpx.Response(
                200, json={path.rpartition("/")[2].replace("secret", "client_secret"): f"new-{self.drawn}"}
            )
        body = json.loads(request.content)
        if path.startswith("devices/TAKEN"):
            return httpx.Response(409, json={"detail": "the AE title TAKEN belongs to a device of another"})
        known = self.kept.get(path)
        self.kept[path] = body
        outcome = "created" if known is None else "unchanged" if known == body else "changed"
        secret = None
        if known is None:
            self.drawn += 1
            secret = f"secret-{self.drawn}"
        return httpx.Response(
            200, json={"outcome": outcome, "password": secret, "client_secret": secret, "agreement": {"version": 1}}
        )


@pytest.fixture
def fake() -> FakeDirectory:
    return FakeDirectory()


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "state" / "credentials.json")


def apply(fake: FakeDirectory, credentials: Credentials, wanted: dict[str, Any], renew: bool = False) -> list[Result]:
    results: list[Result] = []
    client = httpx.Client(transport=httpx.MockTransport(fake.answer), base_url="http://platform")
    Applier(Directory("", "token", client=client), credentials, renew, results.append).apply(wanted)
    return results


def test_the_demonstration_region_is_created_once_and_unchanged_afterwards(
    fake: FakeDirectory, credentials: Credentials
) -> None:
    wanted = region.read(DEMO)
    first = apply(fake, credentials, wanted)
    written = credentials.path.read_text()
    second = apply(fake, credentials, wanted)
    assert {one.outcome for one in first} == {"created"}
    assert {one.outcome for one in second} == {"unchanged"}
    assert credentials.path.read_text() == written
    assert credentials.path.stat().st_mode & 0o777 == 0o600


def test_the_credentials_name_organisation_secret_device_and_roles(
    fake: FakeDirectory, credentials: Credentials
) -> None:
    apply(fake, credentials, region.read(DEMO))
    content = json.loads(credentials.path.read_text())
    gateway = next(one for one in content["machines"] if one["client_id"] == "qinghe-gateway")
    assert gateway["organisation"] == "qinghe"
    assert gateway["ae_title"] == "QINGHE_US1"
    assert gateway["client_secret"].startswith("secret-")
    chen = next(one for one in content["people"] if one["username"] == "chen.jing")
    assert (chen["organisation"], chen["roles"]) == ("dongzhou", ["expert"])


def test_a_secret_that_is_lost_is_drawn_anew_only_when_asked(fake: FakeDirectory, credentials: Credentials) -> None:
    wanted = {"organisations": {"a": {"machines": {"m": {"roles": []}}, "people": {"p": {"roles": ["expert"]}}}}}
    apply(fake, credentials, wanted)
    credentials.path.unlink()
    notes = [one.note for one in apply(fake, credentials, wanted) if one.kind in ("machine", "person")]
    assert all("--renew-missing" in note for note in notes)
    assert credentials.machine("m") is None
    apply(fake, credentials, wanted, renew=True)
    kept = credentials.machine("m"), credentials.person("a", "p")
    assert kept[0] is not None
    assert kept[0]["client_secret"].startswith("new-")
    assert kept[1] is not None
    assert kept[1]["password"].startswith("new-")


def test_a_person_of_two_organisations_has_one_password(fake: FakeDirectory, credentials: Credentials) -> None:
    person = {"p": {"roles": ["expert"]}}
    apply(fake, credentials, {"organisations": {"a": {"people": person}}})
    apply(fake, credentials, {"organisations": {"b": {"people": person}}})
    first, second = credentials.person("a", "p"), credentials.person("b", "p")
    assert first is not None
    assert second is not None
    assert first["password"] == second["password"]


def test_a_refusal_stops_with_the_platforms_words_and_what_came_before_is_kept(
    fake: FakeDirectory, credentials: Credentials
) -> None:
    wanted = {"organisations": {"a": {"devices": {"TAKEN": {}}, "people": {"p": {"roles": ["expert"]}}}}}
    with pytest.raises(Failed, match="409 the AE title TAKEN belongs"):
        apply(fake, credentials, wanted)
    assert "organisations/a" in fake.kept


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hospitals: {}", "agreements and organisations"),
        ("organisations: [a, b]", "organisations is a mapping"),
        ("organisations: {a: {devices: [X]}}", "organisations.a.devices is a mapping"),
        ("organisations: {a: }", "organisations is a mapping"),
        ("a: [", "is no YAML"),
        ("agreements:\n  A: {valid_from: 2024-13-01}", r"month must be in 1..12\n.*line 2"),
        ("agreements: {20240101: {}}", "agreements has an entry 20240101; a name is a text"),
        ("organisations: {'': {}}", "organisations has an entry ''"),
        ("organisations:\n  a: {}\n  b: {}\n  a: {}", r"a stands here twice\n.*line 4"),
        ("organisations: {a: {devices: {1: {}}}}", "organisations.a.devices has an entry 1"),
        ("", "agreements and organisations"),
    ],
)
def test_a_file_that_is_no_region_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "region.yaml"
    file.write_text(text)
    with pytest.raises(Failed, match=reason):
        region.read(file)


def test_the_demonstration_region_keeps_the_directorys_rules() -> None:
    wanted = region.read(DEMO)
    organisations: dict[str, Organisation] = {}
    for alias, entry in wanted["organisations"].items():
        own = {name: value for name, value in entry.items() if name not in ("devices", "machines", "people")}
        organisations[alias] = bodies.OrganisationBody.model_validate(own).organisation(alias)
        for ae_title, device in entry["devices"].items():
            bodies.DeviceBody.model_validate(device).device(ae_title)
        for name, member in (entry["machines"] | entry["people"]).items():
            content = {key: value for key, value in member.items() if key != "ae_title"}
            made = bodies.MemberBody.model_validate(content).membership(name, machine=False)
            check_roles(organisations[alias], made.roles)
    ids = {alias: uuid5(NAMESPACE_URL, alias) for alias in organisations}
    covered: list[Any] = []
    for number, content in wanted["agreements"].items():
        body = TypeAdapter(bodies.AgreementBody).validate_python(content)
        agreement = Agreement(
            id=UUID(int=0),
            number=number,
            version=1,
            requester_id=ids[body.requester],
            reader_id=ids[body.reader],
            terms=body.terms(),
        )
        coverage = coverage_of([agreement])
        assert conflict_between(coverage, covered) is None
        covered += coverage


def test_the_demonstration_asks_of_no_model_more_than_its_card_allows() -> None:
    folder = Path(models.__path__[0])
    for agreement in region.read(DEMO)["agreements"].values():
        for one in agreement["models"]:
            card = yaml.safe_load((folder / one["model"] / "card.yaml").read_text(encoding="utf-8"))
            assert one["mode"] == card["regulatory"]["mode"], one["model"]


def test_the_demonstration_region_has_what_a_demonstration_needs() -> None:
    wanted = region.read(DEMO)
    agreements = wanted["agreements"].values()
    requesters = {one["requester"] for one in agreements}
    readers = {one["reader"] for one in agreements}
    assert len(wanted["organisations"]) == 5
    assert len(requesters) == 3
    assert requesters & readers, "one county hospital also reads for another"
    assert all(any(len(item["tiers"]) > 1 for item in one["price_items"]) for one in agreements)
    assert any(model["mode"] == "trial" for one in agreements for model in one["models"])
    people = [person for one in wanted["organisations"].values() for person in one["people"].values()]
    assert {role for person in people for role in person["roles"]} == {
        "clinic_staff",
        "expert",
        "quality_manager",
        "billing_admin",
    }
