"""That nothing connects past the gate holds for every test (``connects``); here, that it would be seen."""

from __future__ import annotations

import types
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket

import connects
import pytest
from nursery import Child, Nursery

_CODE = """
from socket import socket
def connect(place):
    with socket() as one:
        one.connect(place)
"""
# In a process of its own, as the program runs in: what is tried there is noted in a file of the test's.
_PRELUDE = """
import connects, types
connects._notes = {notes!r}
made = types.ModuleType("bot.commands.evil")
exec({code!r}, vars(made))
try:
    made.connect(("127.0.0.1", 9))
except OSError:
    pass  # as a program does that takes it for a server that is away
"""


def a_module(name: str) -> types.ModuleType:
    """A module that connects, as a room of the program might have it."""
    made = types.ModuleType(name)
    exec(_CODE, vars(made))
    return made


@pytest.mark.parametrize("name", ["bot.commands.evil", "watchers.parsers.evil", "storage.evil"])
def test_a_connection_of_the_program_past_the_gate_is_seen(name: str) -> None:
    with socket() as server, connects.expected() as seen:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with pytest.raises(connects.ForeignConnectionError, match=name):
            a_module(name).connect(server.getsockname())
        a_module("a_test").connect(server.getsockname())

        assert len(seen) == 1


def test_what_leaves_this_machine_is_seen_whoever_sends_it() -> None:
    with connects.expected() as seen, socket(AF_INET, SOCK_DGRAM) as datagrams:
        with pytest.raises(connects.ForeignConnectionError):
            a_module("a_test").connect(("192.0.2.1", 80))
        with pytest.raises(connects.ForeignConnectionError):
            datagrams.sendto(b"x", ("192.0.2.1", 53))

        assert len(seen) == 2


def test_a_connection_of_the_program_in_a_process_of_its_own_is_noted(nursery: Nursery, tmp_path: Path) -> None:
    notes = tmp_path / "connections"
    Child(nursery, tmp_path, ["--version"], prelude=_PRELUDE.format(notes=str(notes), code=_CODE), environment={}).wait(60)

    made, foreign = connects.read(notes)

    assert (dict(made), len(foreign)) == ({"foreign": 1}, 1)
    assert "127.0.0.1:9 from" in foreign[0]
    assert "bot.commands.evil" in foreign[0]
