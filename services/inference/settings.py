"""What inference reads from the environment."""

from pathlib import Path

from pydantic import Field

from services.shared.settings import ObjectSettings, ServiceSettings


class Settings(ServiceSettings, ObjectSettings):
    """Settings of the inference service."""

    ingest_grpc: str = Field(description="host:port of ingest's gRPC")
    triton_grpc: str = Field(description="host:port of Triton's gRPC")
    triton_patience_seconds: float = Field(
        20.0, ge=0, description="How long an exam waits for Triton before it goes on without AI"
    )
    triton_deadline_seconds: float = Field(
        10.0, gt=0, lt=20, description="How long one call of a model may take; after 20 s the server ends it"
    )
    triton_in_flight: int = Field(4, ge=1, description="Calls of Triton at once")
    decode_processes: int = Field(2, ge=1, description="Processes that decode frames and write documents")
    models_dir: Path = Field(
        Path(__file__).parent / "models", description="Folder of the model folders, each with its card.yaml"
    )
    further_models_dir: Path | None = Field(
        None,
        description="Folder of further versions, named `<model>@<version>`, which come and go while the service runs",
    )
    model_failures: int = Field(3, ge=1, description="Exams in a row that a model may fail before it is taken out")
    model_pause_seconds: float = Field(
        30.0, gt=0, description="How long a model is first taken out; it doubles while the model goes on failing"
    )
