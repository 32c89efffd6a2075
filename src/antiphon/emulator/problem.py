"""What goes wrong, in the shape the API says it: message, type, param, code. Knows statuses, not routes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_ENCODER = msgspec.json.Encoder()


class Problem(Exception):
    """An answer that is an error; raised anywhere below the application, turned into a reply there."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """The JSON document the API would send."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return _ENCODER.encode({"error": error})


def missing(param: str) -> Problem:
    """A required parameter is not there."""
    return Problem(400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def invalid(param: str, message: str, code: str = "invalid_value") -> Problem:
    """A parameter is there and cannot be used."""
    return Problem(400, message, param=param, code=code)


def not_found(kind: str, id: str, param: str | None = None) -> Problem:
    """An id that nothing answers to."""
    return Problem(404, f"{kind} with id '{id}' not found.", param=param)


def unknown_model(name: str) -> Problem:
    """A model that does not exist here."""
    message = f"The model `{name}` does not exist or you do not have access to it."
    return Problem(404, message, param="model", code="model_not_found")


def unknown_url(verb: str, path: str) -> Problem:
    """A path that no operation has."""
    return Problem(404, f"Invalid URL ({verb} {path})", code="unknown_url")


def wrong_verb(verb: str, path: str, allowed: tuple[str, ...]) -> Problem:
    """A path that exists, asked with a verb it does not know."""
    hint = ", ".join(allowed)
    message = f"Not allowed to {verb} on {path}. Allowed here: {hint}."
    return Problem(405, message, code="method_not_supported", headers={"allow": hint})


def unauthenticated() -> Problem:
    """No key came with the request."""
    message = "No API key was sent. Send one in the header: Authorization: Bearer YOUR_KEY."
    return Problem(401, message)


def wrong_key(shown: str) -> Problem:
    """A key came that this server refuses."""
    return Problem(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")
