"""Ports by name: where each lies comes from the environment, else a local folder."""

from __future__ import annotations

from common.settings import env


def port_uri(port: str) -> str:
    """The URI of a port: `obj_raw` reads OBJ_RAW_URI, else it is a folder below DATA_DIR."""
    name = port.replace(".", "_")
    return env(f"{name.upper()}_URI", f"file://{env('DATA_DIR', '.local')}/{name}/")
