"""Entry of the container and of `python -m`."""

from common.log import setup
from pipelines.context import start

from .main import run

if __name__ == "__main__":
    setup(__package__)
    run(start())
