"""What is decided once for a project or the organisation: retention, spend limit, models, hosted tools, service tiers.

Each is one answer, not a list of objects. What follows from it for requests is `organization`'s concern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ...access import ORGANIZATION
from ...bound import within
from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import Problem, invalid
from ..crud import Object
from .event import audited
from .part import PROJECT

_TOOLS: Final = ("code_interpreter", "file_search", "image_generation", "mcp", "web_search")
Decided = Callable[[Exchange, Object], Object]
"""What a request decides, given what held before."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """One thing that is decided.

    Args:
        home: what its operations are called before `.update` and the like.
        object: what the answer calls itself; empty where it does not.
        decided: reads a decision out of a request.
        usual: what holds while nothing is decided; None where nothing does.
        shown: the answer's fields, for a decision.
    """

    home: str
    object: str
    decided: Decided
    usual: Object | None
    shown: Callable[[Exchange, str, Object], Object]

    @property
    def name(self) -> str:
        """What the record of decisions calls it."""
        return self.home.rpartition(".")[2]

    def _owner(self, exchange: Exchange) -> str:
        if "project_id" not in exchange.path:
            return ORGANIZATION
        owner: str = PROJECT.found(exchange)["id"]
        return owner

    def _known(self, exchange: Exchange, owner: str) -> Object | None:
        known: Object | None = exchange.world.organization.policy(owner).get(self.name)
        return known if known is not None else self.usual

    def _told(self, exchange: Exchange, owner: str, known: Object) -> Object:
        told = self.shown(exchange, owner, known)
        return {"object": self.object} | told if self.object else told

    async def retrieve(self, exchange: Exchange) -> Reply:
        """Shows what holds: what was decided last, or what is usual; 404 where neither is."""
        owner = self._owner(exchange)
        known = self._known(exchange, owner)
        if known is None:
            raise _undecided(self.name)
        return json_reply(self._told(exchange, owner, known))

    async def update(self, exchange: Exchange) -> Reply:
        """Decides anew; it holds from the next request on."""
        owner = self._owner(exchange)
        decision = self.decided(exchange, self._known(exchange, owner) or {})
        exchange.world.organization.decide(owner, self.name, decision)
        return json_reply(self._told(exchange, owner, decision))

    async def delete(self, exchange: Exchange) -> Reply:
        """Takes the decision back; 404 where nothing was decided."""
        owner, organization = self._owner(exchange), exchange.world.organization
        if organization.policy(owner).get(self.name) is None:
            raise _undecided(self.name)
        organization.decide(owner, self.name, None)
        return json_reply({"object": f"{self.object}.deleted", "deleted": True})


def _undecided(name: str) -> Problem:
    return Problem(404, f"There is no {name.replace('_', ' ')} here.", code="not_found")


def _as_kept(_: Exchange, __: str, known: Object) -> Object:
    return known


def _retention(exchange: Exchange, _: Object) -> Object:
    return {"type": exchange.body["retention_type"]}


def _limit(exchange: Exchange, _: Object) -> Object:
    within("threshold_amount", exchange.body["threshold_amount"], 0, 10**12)
    return {name: exchange.body[name] for name in ("currency", "interval", "threshold_amount")}


def _limit_shown(exchange: Exchange, owner: str, known: Object) -> Object:
    enforcing = exchange.world.organization.is_enforcing(owner)
    return known | {"enforcement": {"status": "enforcing" if enforcing else "inactive"}}


def _models(exchange: Exchange, _: Object) -> Object:
    return {"mode": exchange.body["mode"], "model_ids": list(dict.fromkeys(exchange.body["model_ids"]))}


def _models_shown(_: Exchange, __: str, known: Object) -> Object:
    return {"mode": known["mode"], "model_ids": known["model_ids"]}


def _given(exchange: Exchange) -> dict[str, Any]:
    given = {name: value for name, value in exchange.body.items() if value is not None}
    if not given:
        raise invalid("body", "Say what is to change.", "missing_required_parameter")
    return given


def _tools(exchange: Exchange, known: Object) -> Object:
    return known | _given(exchange)


def _tiers(exchange: Exchange, known: Object) -> Object:
    decision = known | _given(exchange)
    enabled, default = decision["enabled_tiers"], decision["default"]
    if default == "fast" and enabled != "all" and default not in enabled:
        raise invalid("default", f"The tier '{default}' is not among the enabled ones.")
    return decision


_CONTROLS: Final = (
    Control(
        home="admin.organization.data_retention",
        object="organization.data_retention",
        decided=_retention,
        usual={"type": "modified_abuse_monitoring"},
        shown=_as_kept,
    ),
    Control(
        home="admin.organization.projects.data_retention",
        object="project.data_retention",
        decided=_retention,
        usual={"type": "organization_default"},
        shown=_as_kept,
    ),
    Control(
        home="admin.organization.spend_limit",
        object="organization.spend_limit",
        decided=_limit,
        usual=None,
        shown=_limit_shown,
    ),
    Control(
        home="admin.organization.projects.spend_limit",
        object="project.spend_limit",
        decided=_limit,
        usual=None,
        shown=_limit_shown,
    ),
    Control(
        home="admin.organization.projects.model_permissions",
        object="project.model_permissions",
        decided=_models,
        usual={"mode": "deny_list", "model_ids": []},
        shown=_models_shown,
    ),
    Control(
        home="admin.organization.projects.hosted_tool_permissions",
        object="",
        decided=_tools,
        usual={name: {"enabled": True} for name in _TOOLS},
        shown=_as_kept,
    ),
    Control(
        home="admin.organization.projects.service_tier_settings",
        object="project.service_tier_settings",
        decided=_tiers,
        usual={"default": "standard", "enabled_tiers": "all"},
        shown=_as_kept,
    ),
)


def _handlers(control: Control) -> dict[str, Handler]:
    actions = ["retrieve", "update"]
    if control.name in ("spend_limit", "model_permissions"):
        actions.append("delete")
    return {f"{control.home}.{action}": getattr(control, action) for action in actions}


HANDLERS: dict[str, Handler] = audited({name: h for control in _CONTROLS for name, h in _handlers(control).items()})
