"""What billing reads from the environment."""

from services.shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Billing needs what every service needs; its documents are made when they are asked for, from its own records."""
