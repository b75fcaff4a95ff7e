"""Reporting's settings."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.shared.settings import PREFIX, ObjectSettings, ServiceSettings


class Settings(ServiceSettings, ObjectSettings):
    """What the reporting service reads from its environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    ingest_grpc: str = Field(description="host:port of ingest's gRPC, which takes reports into their studies")
    seal_dir: Path = Field(description="Folder of the report seals' keys and of the local certificate authority")
    fonts_dir: Path = Field(
        Path("/usr/share/fonts"), description="Folder with a font that has Chinese (Noto Sans CJK SC)"
    )
    render_processes: int = Field(1, ge=1, description="Processes that make PDF and SR documents")
