"""What billing reads from the environment."""

from pathlib import Path

from pydantic import Field

from services.shared.settings import ObjectSettings, ServiceSettings


class Settings(ServiceSettings, ObjectSettings):
    """Billing needs what every service needs, and the object store for the documents that it issues."""

    fonts_dir: Path = Field(
        Path("/usr/share/fonts"), description="Folder with a font that has Chinese (Noto Sans CJK SC)"
    )
