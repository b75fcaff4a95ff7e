"""The routes of the directory."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Response

from services.directory.http import bodies
from services.directory.model import Outcome, Role
from services.directory.reading import Reading
from services.directory.service import OPERATOR, DirectoryService
from services.shared.errors import Forbidden, NotFound
from services.shared.http import Caller
from services.shared.tenancy import Principal

Cursor = Annotated[str, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=500)]
Named = Annotated[str | None, Query(description="Alias of an organisation")]


def build(app: FastAPI, service: DirectoryService, own_client_id: str) -> None:
    """Adds the routes. `own_client_id` is the directory's own client, which sets up the first operator."""

    async def operator(caller: Caller) -> Principal:
        if not caller.service:
            caller.require(OPERATOR)
            return caller
        # Other platform services act for tenants; they set up nobody.
        if caller.username != own_client_id:
            raise Forbidden("a platform service does not write the directory")
        return replace(caller, roles=frozenset({OPERATOR}))

    Operator = Annotated[Principal, Depends(operator)]
    read = Reading(service)
    base = "/api/directory/v1"

    def answered(response: Response, outcome: Outcome) -> Outcome:
        response.status_code = 201 if outcome == Outcome.CREATED else 200
        return outcome

    @app.get(f"{base}/me")
    async def me(caller: Caller) -> bodies.Me:
        organisation = await read.own_organisation(caller)
        return bodies.Me(
            subject=caller.subject,
            username=caller.username,
            display_name=caller.display_name,
            organisation=bodies.OwnOrganisation.model_validate(organisation, from_attributes=True),
            roles=sorted(Role(role) for role in caller.roles),
        )

    @app.get(f"{base}/organisations")
    async def list_organisations(caller: Caller, cursor: Cursor = "", limit: Limit = 100) -> bodies.OrganisationPage:
        page = await read.organisations(caller, cursor, limit)
        return bodies.OrganisationPage(items=[bodies.OrganisationView.of(one) for one in page.items], next=page.next)

    @app.get(f"{base}/organisations/{{alias}}")
    async def get_organisation(alias: str, caller: Caller) -> bodies.OrganisationView:
        return bodies.OrganisationView.of(await read.organisation(caller, alias))

    @app.put(f"{base}/organisations/{{alias}}")
    async def put_organisation(
        alias: str, body: bodies.OrganisationBody, caller: Operator, response: Response
    ) -> bodies.OrganisationPut:
        put = await service.put_organisation(caller, body.organisation(alias))
        return bodies.OrganisationPut(
            outcome=answered(response, put.outcome), organisation=bodies.OrganisationView.of(put.entity)
        )

    @app.get(f"{base}/devices")
    async def list_devices(
        caller: Caller, organisation: Named = None, cursor: Cursor = "", limit: Limit = 100
    ) -> bodies.DevicePage:
        page = await read.devices(caller, organisation, cursor, limit)
        return bodies.DevicePage(items=[bodies.DeviceView.of(*one) for one in page.items], next=page.next)

    @app.get(f"{base}/devices/{{ae_title:path}}")
    async def get_device(ae_title: str, caller: Caller) -> bodies.DeviceView:
        return bodies.DeviceView.of(*await read.device(caller, ae_title))

    @app.put(f"{base}/devices/{{ae_title:path}}")
    async def put_device(
        ae_title: str, body: bodies.DeviceBody, caller: Operator, response: Response
    ) -> bodies.DevicePut:
        put = await service.put_device(caller, body.organisation or caller.organisation_alias, body.device(ae_title))
        owner = await read.organisation_by_id(caller, put.entity.organisation_id)
        return bodies.DevicePut(outcome=answered(response, put.outcome), device=bodies.DeviceView.of(put.entity, owner))

    @app.get(f"{base}/memberships")
    async def list_memberships(
        caller: Caller, organisation: Named = None, cursor: Cursor = "", limit: Limit = 100
    ) -> bodies.MembershipPage:
        page = await read.memberships(caller, organisation, cursor, limit)
        return bodies.MembershipPage(items=[bodies.MembershipView.of(*one) for one in page.items], next=page.next)

    @app.get(f"{base}/memberships/{{username}}")
    async def get_membership(username: str, caller: Caller, organisation: Named = None) -> bodies.MembershipView:
        return bodies.MembershipView.of(*await read.membership(caller, username, organisation))

    @app.put(f"{base}/memberships/{{username}}")
    async def put_membership(
        username: str, body: bodies.MemberBody, caller: Operator, response: Response
    ) -> bodies.MembershipPut:
        alias = body.organisation or caller.organisation_alias
        put = await service.put_membership(caller, alias, body.membership(username, machine=False))
        owner = await read.organisation_by_id(caller, put.entity.organisation_id)
        return bodies.MembershipPut(
            outcome=answered(response, put.outcome),
            membership=bodies.MembershipView.of(put.entity, owner),
            password=put.secret,
        )

    @app.post(f"{base}/memberships/{{username}}/password")
    async def reset_password(username: str, caller: Operator) -> bodies.Password:
        return bodies.Password(password=await service.reset_password(caller, username))

    @app.put(f"{base}/machines/{{client_id}}")
    async def put_machine(
        client_id: str, body: bodies.MemberBody, caller: Operator, response: Response
    ) -> bodies.MachinePut:
        alias = body.organisation or caller.organisation_alias
        put = await service.put_membership(caller, alias, body.membership(client_id, machine=True))
        owner = await read.organisation_by_id(caller, put.entity.organisation_id)
        return bodies.MachinePut(
            outcome=answered(response, put.outcome),
            membership=bodies.MembershipView.of(put.entity, owner),
            client_secret=put.secret,
        )

    @app.post(f"{base}/machines/{{client_id}}/secret")
    async def reset_secret(client_id: str, caller: Operator) -> bodies.ClientSecret:
        return bodies.ClientSecret(client_secret=await service.reset_secret(caller, client_id))

    @app.get(f"{base}/agreements")
    async def list_agreements(caller: Caller, cursor: Cursor = "", limit: Limit = 100) -> bodies.AgreementPage:
        page = await read.agreements(caller, cursor, limit)
        items = [bodies.AgreementView.of(one, parties.requester, parties.reader) for one, parties in page.items]
        return bodies.AgreementPage(items=items, next=page.next)

    @app.get(f"{base}/agreements/{{number}}")
    async def get_agreement(number: str, caller: Caller, version: int | None = None) -> bodies.AgreementHistory:
        versions, parties = await read.agreement(caller, number)
        chosen = versions[-1] if version is None else next((one for one in versions if one.version == version), None)
        if chosen is None:
            raise NotFound(f"agreement {number} has no version {version}; its latest is {versions[-1].version}")
        return bodies.AgreementHistory.with_versions(chosen, parties.requester, parties.reader, versions)

    @app.put(f"{base}/agreements/{{number}}")
    async def put_agreement(
        number: str, body: bodies.AgreementBody, caller: Operator, response: Response
    ) -> bodies.AgreementPut:
        put = await service.put_agreement(caller, number, body.requester, body.reader, body.terms())
        _, parties = await read.agreement(caller, number)
        view = bodies.AgreementView.of(put.entity, parties.requester, parties.reader)
        return bodies.AgreementPut(outcome=answered(response, put.outcome), agreement=view)

    @app.get(f"{base}/changes")
    async def list_changes(
        caller: Caller, organisation: Named = None, cursor: UUID | None = None, limit: Limit = 100
    ) -> bodies.ChangePage:
        """Who changed what, the latest first: everything for operators, else one's own and one's agreements."""
        page = await read.changes(caller, organisation, cursor, limit)
        return bodies.ChangePage(items=[bodies.ChangeView.of(*one) for one in page.items], next=page.next)

    @app.post(f"{base}/republish")
    async def republish(caller: Operator) -> bodies.Republished:
        return bodies.Republished(**await service.republish())
