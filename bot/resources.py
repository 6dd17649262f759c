"""Where the files that ship with the code are: the example configuration and the sample week.

In a wheel they lie inside this package (``pyproject.toml`` puts them there); in a checkout, and so in an editable install, they lie at the
top of the repository, where people look for them. The package's own copy wins, so that nobody else's ``samples`` folder in
``site-packages`` is ever taken for ours.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def example_config() -> Path:
    """The path of ``config.example.toml``.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    return _find("config.example.toml")


def samples() -> Path:
    """The folder of the sample week; ``README.md`` in it says what is what.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    return _find("samples")


def _find(name: str) -> Path:
    for folder in (_PACKAGE, _PACKAGE.parent):
        path = folder / name
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is missing from this installation of contractwatch; install the package again")
