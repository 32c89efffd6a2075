"""Safety: cases for people whose requests are harmful, alerts for answers that do what nobody asked for.

Only requests with a `safety_identifier` are watched. Who sends something strongly harmful gets a case: a warning, and at
the third time a deactivation, after which the identifier's requests are refused. An answer whose tool calls delete, send
away or look into secrets without a word of that in the request raises an alert; a stream, whose calls are told only when
it has begun, does not. Webhooks tell the ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ..brain.recall import stem
from ..exchange import AnyReply, Exchange, Handler, Reply, json_reply
from ..problem import Problem
from ..shape import is_array, is_object
from .crud import Kind, Object
from .moderation_rule import scores
from .webhook import emit

STRONG: Final = 0.8
PATIENCE: Final = 3
"""The case that is a deactivation."""
MOST_JUDGED: Final = 8_192
IDENTIFIERS: Final = "safety.identifiers"
_SAID: Final = ("input", "messages", "prompt")
_TEXTS: Final = ("content", "text", "input", "output", "arguments")
_WORD: Final = re.compile(r"[a-z]+")
_DEEDS: Final = {
    "potentially_unintended_destructive_activity": "delete drop remove erase wipe destroy truncate purge shred rm",
    "potentially_unintended_data_access": "password passwords secret secrets credential credentials token tokens",
    "potentially_unintended_data_transfer": "send upload export forward share transfer email publish post",
}
_BY_WORD: Final = {stem(word): kind for kind, words in _DEEDS.items() for word in words.split()}
_REASONS: Final = {
    "potentially_unintended_destructive_activity": "A tool call may destroy something that the request does not speak of.",
    "potentially_unintended_data_access": "A tool call may read something that the request does not speak of.",
    "potentially_unintended_data_transfer": "A tool call may send something away that the request does not speak of.",
}
ALERT: Final = Kind(home="safety.alerts", param="id", noun="safety alert", prefix="alert_", hidden=("project",))
CASE: Final = Kind(home="safety.cases", param="id", noun="safety case", prefix="case_")


async def watched(exchange: Exchange, handler: Handler, request_id: str) -> AnyReply:
    """Do what a request asks, unless its identifier is deactivated; opens the cases and alerts it gives cause for."""
    said = " ".join(_texts({name: exchange.body.get(name) for name in _SAID}, _SAID))[:MOST_JUDGED]
    _refuse_blocked(exchange, request_id)
    worst, category = max((score, category) for category, score in scores(said).items())
    if worst >= STRONG:
        _open_case(exchange, category)
    reply = await handler(exchange)
    if isinstance(reply, Reply) and reply.status == 200:
        _look_into(exchange, msgspec.json.decode(reply.body), said, request_id)
    return reply


def _texts(value: Any, under: tuple[str, ...] = _TEXTS) -> Iterator[str]:
    """What somebody wrote, and not what the values are called."""
    if isinstance(value, str):
        yield value
    elif is_array(value):
        for item in value:
            yield from _texts(item)
    elif is_object(value):
        for name, item in value.items():
            if name in under:
                yield from _texts(item)


def _refuse_blocked(exchange: Exchange, request_id: str) -> None:
    world, who = exchange.world, exchange.body["safety_identifier"]
    known = world.shelf(IDENTIFIERS).get(who)
    if known is None or known["cases"] < PATIENCE:
        return
    told = {"safety_category": known["category"], "safety_identifier": who, "request_id": request_id}
    told |= {"model": exchange.body.get("model"), "project_id": exchange.caller.project}
    emit(world, "safety_identifier.blocked", told)
    message = "Requests with this safety identifier are refused: it was deactivated."
    raise Problem(403, message, param="safety_identifier", code="safety_identifier_blocked")


def _open_case(exchange: Exchange, category: str) -> None:
    world, who = exchange.world, exchange.body["safety_identifier"]
    cases = (world.shelf(IDENTIFIERS).get(who) or {"cases": 0})["cases"] + 1
    world.shelf(IDENTIFIERS).put(who, {"cases": cases, "category": category})
    kind = "deactivation" if cases >= PATIENCE else "warning"
    made = world.identity.draw(CASE.prefix, 24)
    case: Object = {
        "id": made,
        "object": "safety.case",
        "created_at": world.now(),
        "entity_identifier": who,
        "notice": {"type": kind},
        "reason": f"A request was strongly flagged as {category}.",
    }
    world.shelf(CASE.home).put(made, case)
    emit(world, f"safety.{kind}_issued", {"id": made})


def _look_into(exchange: Exchange, answer: Any, said: str, request_id: str) -> None:
    """Raise an alert for each kind of deed that the answer's calls do and the request has no word of."""
    asked = {stem(word) for word in _WORD.findall(said.lower())}
    found = {_BY_WORD[word] for call in _calls(answer) for word in _stems(call) - asked if word in _BY_WORD}
    for kind in sorted(found):
        _raise_alert(exchange, kind, answer, request_id)


def _stems(call: str) -> set[str]:
    return {stem(word) for word in _WORD.findall(call.lower())}


def _calls(answer: Any) -> Iterator[str]:
    """The tool calls of an answer, of whichever API: what has a name and arguments."""
    if is_array(answer):
        for item in answer:
            yield from _calls(item)
    elif is_object(answer):
        if isinstance(answer.get("name"), str) and isinstance(answer.get("arguments"), str):
            yield f"{answer['name']} {answer['arguments']}"
        for name in ("output", "choices", "message", "tool_calls", "function"):
            yield from _calls(answer.get(name))


def _raise_alert(exchange: Exchange, kind: str, answer: Object, request_id: str) -> None:
    world = exchange.world
    made = world.identity.draw(ALERT.prefix, 24)
    alert: Object = {
        "id": made,
        "object": "safety.alert",
        "created_at": world.now(),
        "error_type": kind,
        "model": answer.get("model") or "",
        "reason": _REASONS[kind],
        "request_id": request_id,
        "request_paused": False,
        "response_id": answer.get("id") or "",
        "project": exchange.caller.project,
    }
    world.shelf(ALERT.home).put(made, alert)
    emit(world, "safety.alert.created", {"id": made})


async def _alert(exchange: Exchange) -> Reply:
    """Shows an alert of the caller's project; 404 for one of another."""
    alert = ALERT.found(exchange)
    if alert["project"] != exchange.caller.project:
        raise Problem(404, f"No safety alert found with id '{alert['id']}'.", param="id", code="not_found")
    return json_reply(ALERT.shown(alert))


async def _case(exchange: Exchange) -> Reply:
    """Shows the case that a strongly harmful request opened; 404 when there is none."""
    return json_reply(CASE.found(exchange))


HANDLERS: dict[str, Handler] = {
    "safety.alerts.retrieve": _alert,
    "safety.cases.retrieve": _case,
}
