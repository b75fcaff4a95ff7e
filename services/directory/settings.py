"""Settings of the directory."""

from pydantic import Field

from services.shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the directory reads from its environment."""

    keycloak_admin_url: str = Field(
        description="Admin REST of Keycloak's realm, e.g. https://sonobridge.example/auth/admin/realms/sonobridge"
    )
