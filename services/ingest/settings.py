"""What ingest reads from its environment."""

from pathlib import Path

from pydantic import Field

from services.shared.settings import ObjectSettings, ServiceSettings


class Settings(ServiceSettings, ObjectSettings):
    """Settings of ingest."""

    dicom_host: str = Field("127.0.0.1", description="Address to bind the DICOM node (C-STORE, C-ECHO) to")
    dicom_port: int = Field(description="Port of the DICOM node")
    dicom_ae_title: str = Field("SONOBRIDGE", description="AE title of the DICOM node")
    spool_dir: Path = Field(description="Folder for what is being received; used when the object store is a bucket")
    max_instance_bytes: int = Field(4 << 30, description="Largest instance that is taken, in bytes", gt=0)
    inspect_processes: int = Field(2, description="Processes that read and decode files", gt=0)
