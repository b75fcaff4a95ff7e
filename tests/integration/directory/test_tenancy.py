"""Who sees what: an organisation itself and the parties of its agreements, an operator everything."""

import asyncio

import grpc
import psycopg
import pytest
from sonobridge.directory.v1 import service_pb2, service_pb2_grpc

from services.directory import rpc
from services.directory.roster import Roster
from services.directory.settings import Settings
from services.shared import grpc_server
from services.shared.auth import Authenticator
from services.shared.http import ON_BEHALF_OF
from tests.fakes.oidc import FakeIssuer
from tests.integration.directory.conftest import Platform
from tests.integration.directory.region import hospital, terms
from tests.parts import Database


async def _region(platform: Platform, number: int) -> tuple[str, str, str]:
    """Tokens of members of a county hospital, of the regional one that reads for it, and of a stranger."""
    for place, alias in enumerate(("county", "region", "stranger")):
        body = hospital(10 * number + place)
        (await platform.put(f"organisations/{alias}-{number}", body)).raise_for_status()
    agreement = terms(f"county-{number}", f"region-{number}")
    (await platform.put(f"agreements/A-{number}", agreement)).raise_for_status()
    (await platform.put(f"devices/US{number}", {"organisation": f"county-{number}"})).raise_for_status()
    return (
        await platform.member(f"county-{number}", f"staff-{number}", "clinic_staff"),
        await platform.member(f"region-{number}", f"expert-{number}", "expert"),
        await platform.member(f"stranger-{number}", f"stranger-{number}", "expert"),
    )


async def _listed(platform: Platform, path: str, token: str, key: str) -> set[str]:
    return {one[key] for one in (await platform.get(path, token)).json()["items"]}


async def test_an_organisation_sees_itself_its_parties_and_the_platform(platform: Platform, number: int) -> None:
    county, region, stranger = await _region(platform, number)
    both = {f"county-{number}", f"region-{number}", "platform"}
    assert await _listed(platform, "organisations", county, "alias") == both
    assert await _listed(platform, "organisations", region, "alias") == both
    assert await _listed(platform, "organisations", stranger, "alias") == {f"stranger-{number}", "platform"}
    assert (await platform.get(f"organisations/county-{number}", region)).status_code == 200
    assert (await platform.get(f"organisations/county-{number}", stranger)).status_code == 404


async def test_an_agreement_is_seen_by_its_parties_alone(platform: Platform, number: int) -> None:
    county, region, stranger = await _region(platform, number)
    for token in (county, region):
        assert (await platform.get(f"agreements/A-{number}", token)).json()["number"] == f"A-{number}"
        assert await _listed(platform, "agreements", token, "number") == {f"A-{number}"}
    assert (await platform.get(f"agreements/A-{number}", stranger)).status_code == 404
    assert await _listed(platform, "agreements", stranger, "number") == set()


async def test_devices_and_members_are_seen_by_their_organisation_alone(platform: Platform, number: int) -> None:
    county, region, _ = await _region(platform, number)
    assert (await platform.get(f"devices/US{number}", county)).status_code == 200
    assert (await platform.get(f"devices/US{number}", region)).status_code == 404
    assert await _listed(platform, "devices", region, "ae_title") == set()
    assert await _listed(platform, "memberships", county, "username") == {f"staff-{number}"}
    assert (await platform.get(f"memberships/staff-{number}", region)).status_code == 404
    assert await _listed(platform, f"memberships?organisation=county-{number}", region, "username") == set()


@pytest.mark.parametrize("role", ["clinic_staff", "expert", "quality_manager", "billing_admin"])
async def test_only_operators_write(platform: Platform, number: int, role: str) -> None:
    alias = f"county-{number}"
    (await platform.put(f"organisations/{alias}", hospital(number))).raise_for_status()
    token = await platform.member(alias, f"member-{number}", role)
    member = {"display_name": "x", "roles": ["expert"]}
    answers = [
        await platform.put(f"organisations/{alias}", hospital(number), token),
        await platform.put(f"devices/US{number}", {}, token),
        await platform.put(f"memberships/new-{number}", member, token),
        await platform.put(f"machines/new-{number}", member, token),
        await platform.put(f"agreements/A-{number}", terms(alias, "platform"), token),
        await platform.post(f"memberships/member-{number}/password", token),
        await platform.post(f"machines/member-{number}/secret", token),
        await platform.post("republish", token),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)


async def test_another_platform_service_cannot_write_the_directory(platform: Platform, number: int) -> None:
    organisation = (await platform.put(f"organisations/county-{number}", hospital(number))).json()["organisation"]
    headers = {
        "Authorization": f"Bearer {platform.issuer.service_token('service-billing')}",
        ON_BEHALF_OF: organisation["id"],
    }
    address = f"/api/directory/v1/organisations/county-{number}"
    assert (await platform.client.get(address, headers=headers)).status_code == 200
    assert (await platform.client.put(address, json=hospital(number), headers=headers)).status_code == 403


async def test_me_names_the_caller_its_organisation_and_roles(platform: Platform, number: int) -> None:
    alias = f"county-{number}"
    (await platform.put(f"organisations/{alias}", hospital(number))).raise_for_status()
    token = await platform.member(alias, f"wang-{number}", "clinic_staff", "quality_manager")
    me = (await platform.get("me", token)).json()
    assert me["organisation"]["alias"] == alias
    assert me["organisation"]["name_zh"] == hospital(number)["name_zh"]
    assert me["roles"] == ["clinic_staff", "quality_manager"]
    assert me["display_name"] == f"wang-{number}"


async def test_an_operator_pages_through_all_organisations(platform: Platform, number: int) -> None:
    for place in range(3):
        body = hospital(10 * number + place)
        (await platform.put(f"organisations/page-{number}-{place}", body)).raise_for_status()
    operator = await platform.member("platform", "operator", "operator")
    seen, cursor = [], ""
    while cursor is not None:
        page = (await platform.get(f"organisations?limit=2&cursor={cursor}", operator)).json()
        seen += [one["alias"] for one in page["items"]]
        cursor = page["next"]
    assert seen == sorted(set(seen))
    assert {f"page-{number}-{place}" for place in range(3)} | {"platform"} <= set(seen)


async def test_the_database_itself_keeps_a_tenant_from_writing_and_from_others(
    platform: Platform, number: int, migrated: Database
) -> None:
    await _region(platform, number)
    async with await psycopg.AsyncConnection.connect(migrated.service("directory"), autocommit=True) as connection:
        for table in (
            "organisation",
            "device",
            "membership",
            "agreement",
            "agreement_version",
            "agreement_coverage",
            "change",
        ):
            rows = await (await connection.execute(f"SELECT FROM directory.{table}")).fetchall()
            assert len(rows) == (1 if table == "organisation" else 0)  # the platform itself is everybody's
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f"DELETE FROM directory.{table}")


async def test_the_database_itself_refuses_two_readers_at_a_time(
    platform: Platform, number: int, migrated: Database
) -> None:
    await _region(platform, number)
    insert = """
        SET LOCAL ROLE directory_operator;
        WITH a AS (INSERT INTO directory.agreement SELECT gen_random_uuid(), 'B', requester_id, reader_id
                   FROM directory.agreement WHERE number = '{}' RETURNING *),
             v AS (INSERT INTO directory.agreement_version
                   SELECT id, 1, requester_id, reader_id, '2025-01-01', '{{}}', 1 FROM a RETURNING *)
        INSERT INTO directory.agreement_coverage
        SELECT agreement_id, 1, requester_id, reader_id, 'US', 'HEAD', daterange('2025-01-01', '2025-02-01') FROM v
    """.format(f"A-{number}")
    async with await psycopg.AsyncConnection.connect(migrated.service("directory")) as connection:
        with pytest.raises(psycopg.errors.ExclusionViolation):
            await connection.execute(insert)


async def test_services_ask_for_one_tenant_over_grpc(
    platform: Platform, number: int, given: Settings, issuer: FakeIssuer
) -> None:
    await _region(platform, number)
    operator = await platform.member("platform", "operator", "operator")
    ids = {
        alias: (await platform.get(f"organisations/{alias}-{number}", operator)).json()["id"]
        for alias in ("county", "stranger")
    }
    stop = asyncio.Event()
    serving = asyncio.create_task(
        grpc_server.serve(
            given,
            Authenticator(given, Roster(platform.db)),
            lambda server: rpc.register(server, platform.service),
            stop,
        )
    )

    def metadata(tenant: str) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {issuer.service_token('service-ingest')}"), (ON_BEHALF_OF, ids[tenant])]

    async with grpc.aio.insecure_channel(f"127.0.0.1:{given.grpc_port}") as channel:
        await asyncio.wait_for(channel.channel_ready(), 10)
        stub = service_pb2_grpc.DirectoryServiceStub(channel)
        request = service_pb2.GetOrganisationRequest(organisation_id=ids["county"])
        found = await stub.GetOrganisation(request, metadata=metadata("county"))
        assert found.organisation.alias == f"county-{number}"
        agreements = await stub.ListAgreements(service_pb2.ListAgreementsRequest(), metadata=metadata("county"))
        assert [one.number for one in agreements.agreements] == [f"A-{number}"]
        device = await stub.GetDevice(service_pb2.GetDeviceRequest(ae_title=f"US{number}"), metadata=metadata("county"))
        assert device.device.ae_title == f"US{number}"
        foreign = await stub.ListAgreements(service_pb2.ListAgreementsRequest(), metadata=metadata("stranger"))
        assert not foreign.agreements
        for call, asked in (
            (stub.GetOrganisation, request),
            (stub.GetDevice, service_pb2.GetDeviceRequest(ae_title=f"US{number}")),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(asked, metadata=metadata("stranger"))
            assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    stop.set()
    await serving
