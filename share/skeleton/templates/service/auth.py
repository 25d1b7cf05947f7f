"""Who is calling: the one place to change when people sign in elsewhere."""

import json
from typing import Annotated, Any

import jwt
from fastapi import Depends, Request

from common.errors import UnauthorizedError

from .settings import Settings

ALGORITHMS = ["RS256", "ES256", "EdDSA"]


class Authenticator:
    """Checks the access token's signature, issuer, audience and lifetime."""

    def __init__(self, settings: Settings) -> None:
        if settings.auth_mode == "off" and settings.environment != "local":
            raise ValueError("AUTH_MODE=off is for this machine only: use platform or jwt")
        if settings.auth_mode == "jwt" and not settings.auth_issuer:
            raise ValueError("AUTH_MODE=jwt needs AUTH_ISSUER")
        self.settings = settings
        keys = json.loads(settings.auth_jwks).get("keys", [])
        self.keys = {key.get("kid", ""): jwt.PyJWK(key) for key in keys}

    def subject(self, header: str) -> str:
        """The token's subject; UnauthorizedError for anything that is not a good token."""
        if self.settings.auth_mode != "jwt":
            return "anonymous"
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthorizedError("a bearer token is needed")
        try:
            key = self.keys[jwt.get_unverified_header(token).get("kid", "")]
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self.settings.auth_issuer,
                audience=self.settings.auth_audience,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, KeyError):
            raise UnauthorizedError("the token is not valid here") from None
        return str(claims["sub"])


def caller(request: Request) -> str:
    """The subject of the request's token."""
    authenticator: Authenticator = request.app.state.authenticator
    subject = authenticator.subject(request.headers.get("authorization", ""))
    if subject == "anonymous" and request.client is not None:
        subject = request.client.host
    request.app.state.limiter.check(subject)
    return subject


Caller = Annotated[str, Depends(caller)]
