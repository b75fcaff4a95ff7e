"""Who changed the directory, when and to what."""

import psycopg
import pytest

from services.shared.tenancy import PLATFORM_ORGANISATION
from tests.integration.directory.conftest import Platform
from tests.integration.directory.region import hospital, terms
from tests.parts import Database


async def _hospitals(platform: Platform, number: int, *aliases: str) -> None:
    for place, alias in enumerate(aliases):
        (await platform.put(f"organisations/{alias}-{number}", hospital(10 * number + place))).raise_for_status()


async def _changes(platform: Platform, token: str | None = None, query: str = "") -> list[dict[str, object]]:
    answer = (await platform.get(f"changes?limit=500{query}", token)).raise_for_status()
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def test_a_change_names_who_made_it_what_became_of_it_and_when(platform: Platform, number: int) -> None:
    await _hospitals(platform, number, "one")
    operator = await platform.member("platform", f"operator-{number}", "operator")
    body = {"organisation": f"one-{number}", "description": "first"}
    for description, status in (("first", 201), ("first", 200), ("second", 200)):
        answer = await platform.put(f"devices/US-{number}", body | {"description": description}, operator)
        assert answer.status_code == status
    assert (await platform.put(f"devices/US-{number}", {"organisation": "nobody"}, operator)).is_error
    told = [one for one in await _changes(platform, operator) if one["name"] == f"US-{number}"]
    assert [one["outcome"] for one in told] == ["changed", "created"], "the same again and a refusal change nothing"
    assert [one["content"]["description"] for one in told] == ["second", "first"]  # type: ignore[index]
    me = (await platform.get("me", operator)).json()
    by = {(one["kind"], one["organisation"], one["subject"], one["username"]) for one in told}
    assert by == {("device", f"one-{number}", me["subject"], me["username"])}
    assert str(told[0]["at"]) > str(told[1]["at"])


async def test_a_new_password_and_a_new_client_secret_are_noted_and_never_told(platform: Platform, number: int) -> None:
    await _hospitals(platform, number, "one")
    member = {"organisation": f"one-{number}", "display_name": "x", "roles": ["expert"]}
    made = [
        (await platform.put(f"memberships/person-{number}", member)).json()["password"],
        (await platform.put(f"machines/machine-{number}", member)).json()["client_secret"],
        (await platform.post(f"memberships/person-{number}/password")).json()["password"],
        (await platform.post(f"machines/machine-{number}/secret")).json()["client_secret"],
    ]
    operator = await platform.member("platform", f"operator-{number}", "operator")
    told = await _changes(platform, operator, f"&organisation=one-{number}")
    assert [(one["name"], one["outcome"]) for one in told[:2]] == [
        (f"machine-{number}", "renewed"),
        (f"person-{number}", "renewed"),
    ]
    assert all(made)
    assert not any(secret in str(told) for secret in made)


async def test_each_sees_its_own_and_its_agreements_changes_and_operators_all(platform: Platform, number: int) -> None:
    await _hospitals(platform, number, "county", "region", "stranger")
    (await platform.put(f"agreements/A-{number}", terms(f"county-{number}", f"region-{number}"))).raise_for_status()
    tokens = {
        alias: await platform.member(f"{alias}-{number}", f"{alias}-{number}", "billing_admin")
        for alias in ("county", "region", "stranger")
    }
    seen = {alias: {str(one["name"]) for one in await _changes(platform, token)} for alias, token in tokens.items()}
    assert seen == {
        "county": {f"county-{number}", f"A-{number}"},
        "region": {f"region-{number}", f"A-{number}"},
        "stranger": {f"stranger-{number}"},
    }
    assert (await platform.get(f"changes?organisation=county-{number}", tokens["stranger"])).status_code == 404
    operator = await platform.member("platform", f"operator-{number}", "operator")
    assert set.union(*seen.values()) <= {str(one["name"]) for one in await _changes(platform, operator)}


async def test_changes_are_paged_without_gaps_or_repeats(platform: Platform, number: int) -> None:
    await _hospitals(platform, number, "one", "two", "three")
    seen: list[str] = []
    query: str | None = ""
    while query is not None:
        page = (await platform.get(f"changes?limit=2{query}")).json()
        seen += [one["id"] for one in page["items"]]
        query = f"&cursor={page['next']}" if page["next"] else None
    assert seen == [one["id"] for one in await _changes(platform)]
    assert len(seen) == len(set(seen))


async def test_what_was_noted_is_never_rewritten_even_by_the_owner(
    platform: Platform, number: int, migrated: Database
) -> None:
    await _hospitals(platform, number, "one")
    for role in ("SET ROLE directory_operator", "RESET ROLE"):
        async with await psycopg.AsyncConnection.connect(migrated.service("directory"), autocommit=True) as connection:
            await connection.execute(role.encode())
            for statement in (b"UPDATE directory.change SET username = 'x'", b"DELETE FROM directory.change"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement)
    async with await psycopg.AsyncConnection.connect(migrated.service("sonobridge_owner")) as connection:
        await connection.execute("ALTER TABLE directory.change NO FORCE ROW LEVEL SECURITY")
        with pytest.raises(psycopg.errors.RestrictViolation):
            await connection.execute("DELETE FROM directory.change")


async def test_the_platform_itself_is_set_up_by_its_own_service(platform: Platform) -> None:
    first = (await _changes(platform))[-1]
    assert (first["organisation_id"], first["kind"]) == (str(PLATFORM_ORGANISATION), "organisation")
    assert first["username"] == "platform-directory"
