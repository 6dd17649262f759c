"""Answering HTTP at one place of this machine, with bounds on what a stranger can hold open."""

from __future__ import annotations

from typing import Any

from aiohttp import web

# Seconds that a connection may be without a whole request: aiohttp has no other bound on headers that come drop by drop.
_IDLE = 15.0
_LINGER = 1.0  # for the rest of a body that nobody reads


class PlaceError(Exception):
    """The place that is configured for listening cannot be used."""


class HttpServer:
    """Answers for an application between ``start`` and ``stop``. ``about`` is the section of the configuration that names the place."""

    def __init__(self, app: web.Application, listen: str, *, about: str) -> None:
        host, _, port = listen.rpartition(":")
        self._host, self._port, self._about = host.strip("[]"), int(port), about
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=1, keepalive_timeout=_IDLE, lingering_time=_LINGER, auto_decompress=False
        )

    @property
    def port(self) -> int:
        """The port it answers on; differs from the configured one when that was 0."""
        address: Any = self._runner.addresses[0]
        return int(address[1])

    async def start(self) -> None:
        """Begin to answer; raises PlaceError when the place is taken."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise PlaceError(f"[{self._about}] listen: {self._host}:{self._port} cannot be used ({reason}): choose another port") from error

    async def stop(self) -> None:
        await self._runner.cleanup()
