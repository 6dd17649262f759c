"""That nothing connects past the gate holds for every test (``connects``); here, that it would be seen."""

from __future__ import annotations

import types
from socket import socket

import connects
import pytest

_CODE = """
from socket import socket
def connect(place):
    with socket() as one:
        one.connect(place)
"""


def a_module(name: str) -> types.ModuleType:
    """A module that connects, as a room of the program might have it."""
    made = types.ModuleType(name)
    exec(_CODE, vars(made))
    return made


@pytest.mark.parametrize("name", ["bot.commands.evil", "watchers.parsers.evil", "storage.evil"])
def test_a_connection_of_the_program_past_the_gate_is_seen(name: str) -> None:
    with socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with pytest.raises(connects.ForeignConnectionError, match=name):
            a_module(name).connect(server.getsockname())
        a_module("a_test").connect(server.getsockname())

    assert len(connects.foreign) == 1
    connects.foreign.clear()


def test_a_connection_that_leaves_this_machine_is_seen_whoever_makes_it() -> None:
    with pytest.raises(connects.ForeignConnectionError):
        a_module("a_test").connect(("192.0.2.1", 80))

    connects.foreign.clear()
