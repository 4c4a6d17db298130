"""brainwright: from a person's own data to a trained, explained, audited and served deep network."""

from importlib import import_module
from typing import Any

__all__ = ["Fault", "Run", "check", "load", "plan", "train"]


def __getattr__(name: str) -> Any:
    """The public names, fetched when first used: importing brainwright itself imports nothing heavy."""
    if name in __all__:
        return getattr(import_module("brainwright.api"), name)
    raise AttributeError(f"module 'brainwright' has no attribute {name!r}")
