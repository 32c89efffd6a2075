"""What an organisation decided that every request obeys: models, hosted tools, tiers, retention, rate limits, spend.

Decisions lie on shelves, one record for a project or the organisation; a world nobody decided anything in pays for two
look-ups. Knows bodies as far as models and tools are named in them; who may decide is `access`'s and the family's concern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .access import ORGANIZATION, PROJECT, PROJECTS, USER
from .exchange import Caller, Exchange
from .limiter import Cost, Limits, Verdict
from .problem import Problem
from .shape import is_array, is_object

if TYPE_CHECKING:
    from .world import World

POLICIES: Final = "admin.policies"
LIMITS: Final = "admin.limits"
ALERTS: Final = "admin.alerts"
OUTBOX: Final = "admin.outbox"
USERS: Final = "admin.organization.users"
MEMBERS: Final = "admin.organization.projects.users"
NANO_A_CENT: Final = 10_000_000
_OPTIONAL_TIERS: Final = ("flex", "fast", "ultrafast")
_FORGETFUL: Final = ("zero_data_retention", "enhanced_zero_data_retention")
Record = dict[str, Any]


class Organization:
    """The decisions of one world, applied."""

    def __init__(self, world: World) -> None:
        self._world = world

    def settle(self) -> None:
        """See to it that there is a project, and a user who owns it, as in every organisation."""
        world = self._world
        if len(world.shelf(PROJECTS)):
            return
        now = world.now()
        project = {
            "id": PROJECT,
            "object": "organization.project",
            "name": "Default project",
            "created_at": now,
            "archived_at": None,
            "status": "active",
            "external_key_id": None,
            "residency": "GLOBAL",
        }
        who = {"name": "Antiphon", "email": "owner@antiphon.example", "role": "owner", "added_at": now}
        world.shelf(PROJECTS).put(PROJECT, project)
        user = {"id": USER, "object": "organization.user", **who, "created": now, "is_default": True}
        world.shelf(USERS).put(USER, user | {"is_service_account": False, "is_scim_managed": False})
        world.shelf(f"{MEMBERS}/{PROJECT}").put(USER, {"id": USER, "object": "organization.project.user", **who})

    def policy(self, owner: str) -> Record:
        """What a project, or the organisation, decided; empty where it decided nothing."""
        return self._world.shelf(POLICIES).get(owner) or {}

    def decide(self, owner: str, name: str, decision: Record | None) -> None:
        """Keep a decision, or take it back."""
        policy = {**self.policy(owner), "id": owner}
        policy[name] = decision
        self._world.shelf(POLICIES).put(owner, {n: v for n, v in policy.items() if v is not None})

    def is_enforcing(self, owner: str) -> bool:
        """Whether a hard spend limit is reached, so that requests are refused."""
        limit = self.policy(owner).get("spend_limit")
        if limit is None:
            return False
        threshold: int = limit["threshold_amount"] * NANO_A_CENT
        return self._world.meter.spent(owner, self._world.clock()) >= threshold

    def alert(self, owner: str, month: str, spent: int) -> None:
        """Put a letter for each alert that spending has passed into the outbox, one a month."""
        alerts = self._world.shelf(ALERTS if owner == ORGANIZATION else f"{ALERTS}/{owner}")
        for known in alerts if len(alerts) else ():
            if spent < known["threshold_amount"] * NANO_A_CENT:
                continue
            name, channel = f"{known['id']}/{month}", known["notification_channel"]
            if self._world.shelf(OUTBOX).get(name) is None:
                subject = (
                    f"{channel.get('subject_prefix') or ''} Spending passed {known['threshold_amount']} cents".strip()
                )
                letter = {"id": name, "to": channel["recipients"], "subject": subject, "sent_at": self._world.now()}
                self._world.shelf(OUTBOX).put(name, letter)

    def obey(self, exchange: Exchange) -> None:
        """Hold a request that names a model against what was decided; raises what the API would."""
        caller, body = exchange.caller, exchange.body
        if not len(self._world.shelf(POLICIES)):
            return
        policy, general = self.policy(caller.project), self.policy(ORGANIZATION)
        if self.is_enforcing(caller.project) or self.is_enforcing(ORGANIZATION):
            raise _spent()
        _judge_model(policy.get("model_permissions"), caller.project, str(body.get("model")))
        _judge_tools(policy.get("hosted_tool_permissions"), body)
        _judge_tier(policy.get("service_tier_settings"), exchange)
        retention = policy.get("data_retention", {}).get("type", "organization_default")
        if retention == "organization_default":
            retention = general.get("data_retention", {}).get("type")
        if retention in _FORGETFUL and "store" in exchange.operation.fields:
            body["store"] = False

    def admit(self, caller: Caller, model: str, now: float, cost: Cost) -> Verdict:
        """Charge a request: to its key, or to all keys of a project with limits of its own for the model."""
        limiter, limits = self._world.limiter, self.limits(caller.project, model)
        if limits is None:
            return limiter.admit((caller.key, model), now, cost.tokens)
        return limiter.admit_within(limits, (caller.project, model), now, cost)

    def limits(self, project: str, model: str) -> Limits | None:
        """A project's own limits for a model."""
        shelf = self._world.shelf(LIMITS)
        known = shelf.get(f"{project}/{model}") if len(shelf) else None
        if known is None:
            return None
        usual = self._world.limiter.usual
        return Limits(
            known.get("max_requests_per_1_minute", usual.requests),
            known.get("max_tokens_per_1_minute", usual.tokens),
            known.get("max_requests_per_1_day"),
            known.get("max_images_per_1_minute"),
        )


def _judge_model(decided: Record | None, project: str, model: str) -> None:
    if decided and (model in decided["model_ids"]) != (decided["mode"] == "allow_list"):
        raise Problem(403, f"Project `{project}` does not have access to model `{model}`.", code="model_not_found")


def _judge_tools(decided: Record | None, body: Record) -> None:
    tools = body.get("tools")
    if not decided or not is_array(tools):
        return
    kinds = [str(tool.get("type")) for tool in tools if is_object(tool)]
    for name, allowed in decided.items():
        if not allowed["enabled"] and any(kind.startswith(name) for kind in kinds):
            raise Problem(403, f"The hosted tool '{name}' is disabled for this project.", param="tools")


def _judge_tier(decided: Record | None, exchange: Exchange) -> None:
    """Refuse a tier that is not enabled; requests that leave it open get the project's own."""
    body = exchange.body
    tier = body.get("service_tier")
    if not decided or "service_tier" not in exchange.operation.fields:
        return
    if tier in (None, "auto") and decided["default"] != "standard":
        body["service_tier"] = decided["default"]
    elif tier in _OPTIONAL_TIERS and decided["enabled_tiers"] != "all" and tier not in decided["enabled_tiers"]:
        raise Problem(403, f"The service tier '{tier}' is not enabled for this project.", param="service_tier")


def _spent() -> Problem:
    message = "The spend limit of this month is reached. Raise it, or wait for the next month."
    return Problem(429, message, type="insufficient_quota", code="insufficient_quota")
