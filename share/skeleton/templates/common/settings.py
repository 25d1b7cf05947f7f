"""Settings come from the environment only; every name has a default that works locally."""

import os
from pathlib import Path


class SettingError(ValueError):
    """A variable of the environment has a value that cannot be used."""


def env(name: str, default: str = "") -> str:
    """The variable's text; an empty variable counts as not set."""
    value = os.environ.get(name, "").strip()
    return value or default


def env_int(name: str, default: int, minimum: int = 0) -> int:
    """The variable as a whole number of at least `minimum`."""
    text = env(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise SettingError(f"{name} is not a whole number: {text!r}") from None
    if value < minimum:
        raise SettingError(f"{name} is below {minimum}: {value}")
    return value


def env_float(name: str, default: float) -> float:
    """The variable as a number."""
    text = env(name, repr(default))
    try:
        return float(text)
    except ValueError:
        raise SettingError(f"{name} is not a number: {text!r}") from None


def data_dir() -> Path:
    """Where programs keep their data when no cloud is configured."""
    return Path(env("DATA_DIR", ".local"))


def port_uri(port: str) -> str:
    """The URI of a port ("obj_raw" or "obj.raw"): OBJ_RAW_URI, else a folder below DATA_DIR."""
    name = port.replace(".", "_")
    return env(f"{name.upper()}_URI", f"file://{data_dir()}/{name}/")
