"""The closed set of errors. A class's docstring is its title; `status` is the HTTP status it becomes (RFC 9457), `grpc_code` gRPC's."""

from typing import Any, ClassVar

import grpc


class SonoBridgeError(Exception):
    """Something went wrong inside the platform."""

    status: ClassVar[int] = 500
    grpc_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.data = data

    @classmethod
    def title(cls) -> str:
        return (cls.__doc__ or cls.__name__).strip().rstrip(".")

    @classmethod
    def code(cls) -> str:
        """The stable name that callers may test, as `type` in problem details and in gRPC's trailing metadata."""
        return cls.__name__


class Malformed(SonoBridgeError):
    """The request cannot be understood."""

    status = 400
    grpc_code = grpc.StatusCode.INVALID_ARGUMENT


class Invalid(SonoBridgeError):
    """The request is understood but breaks a rule."""

    status = 422
    grpc_code = grpc.StatusCode.INVALID_ARGUMENT


class Unauthenticated(SonoBridgeError):
    """Sign in first: the access token is missing, expired or not ours."""

    status = 401
    grpc_code = grpc.StatusCode.UNAUTHENTICATED


class Forbidden(SonoBridgeError):
    """Your role does not allow this."""

    status = 403
    grpc_code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(SonoBridgeError):
    """There is no such thing."""

    status = 404
    grpc_code = grpc.StatusCode.NOT_FOUND


class NotAcceptable(SonoBridgeError):
    """None of the media types asked for can be given."""

    status = 406
    grpc_code = grpc.StatusCode.INVALID_ARGUMENT


class Conflict(SonoBridgeError):
    """This contradicts what is already there."""

    status = 409
    grpc_code = grpc.StatusCode.ABORTED


class PreconditionFailed(SonoBridgeError):
    """It has changed since you last saw it."""

    status = 412
    grpc_code = grpc.StatusCode.FAILED_PRECONDITION


class TooLarge(SonoBridgeError):
    """The request is larger than allowed."""

    status = 413
    grpc_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class UnsupportedMediaType(SonoBridgeError):
    """The body's media type is not supported here."""

    status = 415
    grpc_code = grpc.StatusCode.INVALID_ARGUMENT


class Unavailable(SonoBridgeError):
    """A part that is needed is away; try again shortly."""

    status = 503
    grpc_code = grpc.StatusCode.UNAVAILABLE


class StorageFull(Unavailable):
    """The store has no room left; nothing was accepted. Try again later."""


def _subclasses(cls: type[SonoBridgeError]) -> list[type[SonoBridgeError]]:
    return [cls, *(found for child in cls.__subclasses__() for found in _subclasses(child))]


def by_code(code: str) -> type[SonoBridgeError]:
    """The class that `code` names, so that an error crosses the wire intact; the base class for an unknown one."""
    return next((cls for cls in _subclasses(SonoBridgeError) if cls.code() == code), SonoBridgeError)
