"""/evidence: what an alert rests on, and /contract: all that is known of the contract it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Decision, Desk, pages
from bot.commands.which import Question, ask, press
from bot.contract import contract_head, contract_lines
from bot.texts import alerts, evidence
from storage.records import Channel, Reply

EVIDENCE, CONTRACT = "e", "c"  # first letters of button data


async def show_evidence(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/evidence as a reply to an alert, or with its number."""
    return await ask(asked, desk, _EVIDENCE)


async def press_evidence(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    return await press(pressed, desk, data, _EVIDENCE)


async def show_contract(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/contract as a reply to an alert, or with its number."""
    return await ask(asked, desk, _CONTRACT)


async def press_contract(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    return await press(pressed, desk, data, _CONTRACT)


async def _send_evidence(place: Place, channel: Channel, number: int, desk: Desk) -> Decision:  # noqa: ARG001 - it is read when it is sent
    return Decision(replies=(Reply(chat_id=place.chat_id, thread_id=place.thread_id, text="", evidence=number),))


async def _tell_contract(place: Place, channel: Channel, number: int, desk: Desk) -> Decision:
    view = await desk.call(desk.store.contract, number, channel.id)
    return Decision(replies=desk.reply(place, *pages(contract_head(view, desk.speech), contract_lines(view, desk.speech))))


_EVIDENCE = Question(button=EVIDENCE, which=evidence.OF_WHICH, answer=_send_evidence)
_CONTRACT = Question(button=CONTRACT, which=alerts.CONTRACT_OF_WHICH, answer=_tell_contract)
