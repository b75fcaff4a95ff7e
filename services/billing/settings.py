"""What billing reads from the environment."""

from services.shared.settings import ObjectSettings, ServiceSettings


class Settings(ServiceSettings, ObjectSettings):
    """Billing needs what every service needs, and the object store for the documents that it issues."""
