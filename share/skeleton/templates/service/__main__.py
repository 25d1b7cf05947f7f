"""Runs the program: `python -m` this package."""

import uvicorn

from common import log

from .settings import Settings

FACTORY = f"{__package__}.app:create_app"


def main() -> None:
    """Serves until SIGTERM, then finishes the requests that are under way."""
    settings = Settings()
    log.setup(settings.service, settings.log_level)
    uvicorn.run(
        FACTORY,
        factory=True,
        workers=settings.workers,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_s,
        limit_concurrency=settings.max_concurrency,
    )


if __name__ == "__main__":
    main()
