"""What an operator sets up, and what putting the same again does."""

from tests.integration.directory.conftest import Platform
from tests.integration.directory.region import hospital, social_credit_code, terms


async def test_an_organisation_is_created_then_unchanged_then_changed(platform: Platform, number: int) -> None:
    path = f"organisations/county-{number}"
    created = await platform.put(path, hospital(number))
    again = await platform.put(path, hospital(number))
    changed = await platform.put(path, hospital(number, quiet_period="PT5M"))
    assert [created.status_code, again.status_code, changed.status_code] == [201, 200, 200]
    assert [one.json()["outcome"] for one in (created, again, changed)] == ["created", "unchanged", "changed"]
    assert changed.json()["organisation"]["id"] == created.json()["organisation"]["id"]
    assert changed.json()["organisation"]["revision"] == 2
    assert changed.json()["organisation"]["quiet_period"] == "PT5M"
    assert platform.identity.organisations[f"county-{number}"]


async def test_a_mistyped_social_credit_code_is_refused_and_nothing_is_made(platform: Platform, number: int) -> None:
    good = social_credit_code(number)
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    answer = await platform.put(f"organisations/county-{number}", hospital(number, unified_social_credit_code=bad))
    assert answer.status_code == 422
    assert "mistyped" in answer.json()["detail"]
    assert f"county-{number}" not in platform.identity.organisations


async def test_a_social_credit_code_belongs_to_one_organisation(platform: Platform, number: int) -> None:
    (await platform.put(f"organisations/county-{number}", hospital(number))).raise_for_status()
    answer = await platform.put(f"organisations/copy-{number}", hospital(number))
    assert answer.status_code == 409
    assert f"belongs to county-{number}" in answer.json()["detail"]
    assert f"copy-{number}" not in platform.identity.organisations


async def test_an_unknown_field_is_refused_by_name(platform: Platform, number: int) -> None:
    answer = await platform.put(f"organisations/county-{number}", hospital(number, timezone="Asia/Shanghai"))
    assert answer.status_code == 422
    assert "timezone" in answer.json()["detail"]


async def test_a_calling_ae_title_belongs_to_one_organisation(platform: Platform, number: int) -> None:
    for alias, code in ((f"one-{number}", 1000 + number), (f"two-{number}", 2000 + number)):
        (await platform.put(f"organisations/{alias}", hospital(code))).raise_for_status()
    title = f"US{number}"
    mine = {"organisation": f"one-{number}", "host": "10.1.2.3", "port": 104}
    assert (await platform.put(f"devices/{title}", mine)).status_code == 201
    assert (await platform.put(f"devices/{title}", mine)).json()["outcome"] == "unchanged"
    answer = await platform.put(f"devices/{title}", {"organisation": f"two-{number}"})
    assert answer.status_code == 409
    assert f"belongs to a device of one-{number}" in answer.json()["detail"]


async def test_a_person_gets_a_password_once_and_another_only_on_request(platform: Platform, number: int) -> None:
    (await platform.put(f"organisations/county-{number}", hospital(number))).raise_for_status()
    body = {"organisation": f"county-{number}", "display_name": "王敏", "roles": ["clinic_staff"]}
    first = (await platform.put(f"memberships/wang-{number}", body)).json()
    again = (await platform.put(f"memberships/wang-{number}", body)).json()
    assert len(first["password"]) >= 20
    assert (again["outcome"], again["password"]) == ("unchanged", None)
    renewed = (await platform.post(f"memberships/wang-{number}/password")).json()["password"]
    assert renewed != first["password"]
    assert platform.identity.passwords[first["membership"]["subject"]] == renewed


async def test_a_person_left_without_password_by_a_dying_process_gets_one_when_put_again(
    platform: Platform, number: int
) -> None:
    alias = f"county-{number}"
    (await platform.put(f"organisations/{alias}", hospital(number))).raise_for_status()
    await platform.identity.ensure_person(alias, f"wang-{number}", "王敏")  # died before the commit
    body = {"organisation": alias, "display_name": "王敏", "roles": ["clinic_staff"]}
    first = (await platform.put(f"memberships/wang-{number}", body)).json()
    assert (first["outcome"], bool(first["password"])) == ("created", True)
    del platform.identity.passwords[first["membership"]["subject"]]  # died after the commit
    again = (await platform.put(f"memberships/wang-{number}", body)).json()
    assert (again["outcome"], bool(again["password"])) == ("unchanged", True)


async def test_a_machine_gets_its_secret_once_and_belongs_to_one_organisation(platform: Platform, number: int) -> None:
    for alias, code in ((f"one-{number}", 1000 + number), (f"two-{number}", 2000 + number)):
        (await platform.put(f"organisations/{alias}", hospital(code))).raise_for_status()
    body = {"organisation": f"one-{number}", "display_name": "Gateway", "roles": ["clinic_staff"]}
    first = (await platform.put(f"machines/gateway-{number}", body)).json()
    again = (await platform.put(f"machines/gateway-{number}", body)).json()
    assert first["client_secret"] == platform.identity.secrets[f"gateway-{number}"]
    assert again["client_secret"] is None
    moved = await platform.put(f"machines/gateway-{number}", body | {"organisation": f"two-{number}"})
    assert moved.status_code == 409
    person = await platform.put(f"memberships/gateway-{number}", body)
    assert person.status_code == 409
    renewed = (await platform.post(f"machines/gateway-{number}/secret")).json()["client_secret"]
    assert renewed != first["client_secret"]


async def test_the_realms_own_clients_cannot_be_taken_as_machines(platform: Platform, number: int) -> None:
    (await platform.put(f"organisations/county-{number}", hospital(number))).raise_for_status()
    body = {"organisation": f"county-{number}", "display_name": "Console", "roles": ["clinic_staff"]}
    assert (await platform.put("machines/console", body)).status_code == 409


async def test_a_member_made_inactive_leaves_and_has_no_role_at_once(platform: Platform, number: int) -> None:
    alias = f"county-{number}"
    (await platform.put(f"organisations/{alias}", hospital(number))).raise_for_status()
    token = await platform.member(alias, f"wang-{number}", "clinic_staff")
    assert (await platform.get("me", token)).status_code == 200
    body = {"organisation": alias, "display_name": f"wang-{number}", "roles": ["clinic_staff"], "active": False}
    left = (await platform.put(f"memberships/wang-{number}", body)).json()
    assert (await platform.get("me", token)).status_code == 403
    assert (alias, left["membership"]["subject"]) not in platform.identity.members


async def test_operators_belong_to_the_platform_alone(platform: Platform, number: int) -> None:
    (await platform.put(f"organisations/county-{number}", hospital(number))).raise_for_status()
    body = {"organisation": f"county-{number}", "display_name": "王敏", "roles": ["operator"]}
    answer = await platform.put(f"memberships/wang-{number}", body)
    assert answer.status_code == 422
    assert "platform's own organisation" in answer.json()["detail"]


async def test_an_away_identity_provider_refuses_and_the_next_try_completes(platform: Platform, number: int) -> None:
    platform.identity.away = True
    answer = await platform.put(f"organisations/county-{number}", hospital(number))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (await platform.get(f"organisations/county-{number}", await _operator(platform))).status_code == 404
    assert (await platform.put(f"organisations/county-{number}", hospital(number))).status_code == 201


async def test_an_agreement_changes_by_versions_and_the_same_terms_change_nothing(
    platform: Platform, number: int
) -> None:
    county, region, path = await _two(platform, number)
    first = await platform.put(path, terms(county, region))
    again = await platform.put(path, terms(county, region))
    other = terms(county, region, valid_from="2025-01-01", consent_attested=False)
    second = await platform.put(path, other)
    old = await platform.put(path, terms(county, region))
    assert [one.json()["outcome"] for one in (first, again, second, old)] == [
        "created",
        "unchanged",
        "changed",
        "unchanged",
    ]
    assert [one.json()["agreement"]["version"] for one in (first, again, second, old)] == [1, 1, 2, 1]
    refused = await platform.put(path, terms(county, region, valid_from="2024-06-01", reading="double"))
    assert refused.status_code == 409
    assert "later valid_from" in refused.json()["detail"]
    history = (await platform.get(path, await _operator(platform))).json()
    assert [one["valid_from"] for one in history["versions"]] == ["2024-01-01", "2025-01-01"]
    assert history["turnarounds"][0] == {"priority": "ROUTINE", "duration": "P1D"}
    assert history["reader_name_zh"] == hospital(2000 + number)["name_zh"]


async def test_a_second_reader_for_a_service_is_refused_and_the_other_agreement_named(
    platform: Platform, number: int
) -> None:
    county, region, path = await _two(platform, number)
    other = f"other-{number}"
    (await platform.put(f"organisations/{other}", hospital(3000 + number))).raise_for_status()
    (await platform.put(path, terms(county, region))).raise_for_status()
    head = [{"modality": "US", "body_part": "HEAD"}]
    answer = await platform.put(f"agreements/B-{number}", terms(county, other, services=head))
    assert answer.status_code == 409
    assert answer.json()["agreement"] == f"A-{number}"
    assert (await platform.put(f"agreements/B-{number}", terms(other, region, services=head))).status_code == 201
    ct = [{"modality": "CT", "body_part": "HEAD"}]
    assert (await platform.put(f"agreements/C-{number}", terms(county, other, services=ct))).status_code == 201
    ended = terms(county, region, valid_from="2025-01-01", valid_until="2026-01-01")
    (await platform.put(path, ended)).raise_for_status()
    later = terms(county, other, services=head, valid_from="2026-01-01")
    assert (await platform.put(f"agreements/D-{number}", later)).status_code == 201


async def test_an_agreement_names_organisations_that_are_there(platform: Platform, number: int) -> None:
    county, _, path = await _two(platform, number)
    answer = await platform.put(path, terms(county, "nowhere"))
    assert answer.status_code == 422
    assert "nowhere" in answer.json()["detail"]
    assert (await platform.put(path, terms(county, "platform"))).status_code == 422


async def _two(platform: Platform, number: int) -> tuple[str, str, str]:
    county, region = f"county-{number}", f"region-{number}"
    (await platform.put(f"organisations/{county}", hospital(1000 + number))).raise_for_status()
    (await platform.put(f"organisations/{region}", hospital(2000 + number))).raise_for_status()
    return county, region, f"agreements/A-{number}"


async def _operator(platform: Platform) -> str:
    platform.identity.away = False
    (
        await platform.put("organisations/platform", {"name_zh": "平台", "name_en": "Platform", "platform": True})
    ).raise_for_status()
    return await platform.member("platform", "operator", "operator")
