"""Errors that a caller may be told about, each with a stable code."""


class AppError(Exception):
    """An expected failure: `code` is for programs, the text for people."""

    code = "internal"
    status = 500

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class NotFoundError(AppError):
    """What was asked for does not exist."""

    code = "not_found"
    status = 404


class InvalidInputError(AppError):
    """The input cannot be used as it is."""

    code = "invalid_input"
    status = 422


class UnauthorizedError(AppError):
    """The caller did not say who it is, or not credibly."""

    code = "unauthorized"
    status = 401


class RateLimitedError(AppError):
    """Too many requests in too short a time."""

    code = "rate_limited"
    status = 429
