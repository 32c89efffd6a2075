"""Roles assigned to users and groups, in the organisation and in a project; users also have what their groups have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...exchange import Exchange, Handler, Reply, json_reply
from ...problem import Problem
from ...store import Shelf
from ..crud import Object
from .event import audited
from .group import GRANT, GROUP
from .group import MEMBER as GROUP_MEMBER
from .part import Part, paged, shown_page
from .role import PROJECT_ROLE, ROLE
from .user import MEMBER, USER, shown

_NOTHING: Object = {
    "created_at": None,
    "updated_at": None,
    "created_by": None,
    "created_by_user_obj": None,
    "metadata": {},
}


@dataclass(frozen=True)
class Assignment:
    """Who may be assigned which roles."""

    principal: Part
    role: Part

    @property
    def home(self) -> str:
        """What its operations are called before `.create` and the like."""
        return f"{self.principal.home}.roles"

    @property
    def _is_user(self) -> bool:
        return self.principal.param == "user_id"

    def _shelf(self, exchange: Exchange) -> Shelf[Object]:
        self.principal.found(exchange)
        owners = [exchange.path[n] for n in ("project_id", self.principal.param) if n in exchange.path]
        return exchange.world.shelf("/".join([self.home, *owners]))

    def _groups(self, exchange: Exchange) -> Iterator[tuple[str, Shelf[Object]]]:
        """The groups through which a user has roles, and the roles of each."""
        world, project = exchange.world, exchange.path.get("project_id")
        for group in world.shelf(GROUP.home):
            inside = world.shelf(f"{GROUP_MEMBER.home}/{group['id']}").get(exchange.path["user_id"])
            if inside is not None:
                home = f"{GROUP.home}.roles" if project is None else f"{GRANT.home}.roles/{project}"
                yield group["id"], world.shelf(f"{home}/{group['id']}")

    def _all(self, exchange: Exchange) -> Shelf[Object]:
        """What is assigned, each role once, with where it comes from."""
        sources: dict[str, list[Object]] = {known["id"]: [] for known in self._shelf(exchange)}
        if self._is_user:
            for group, shelf in self._groups(exchange):
                for known in shelf:
                    sources.setdefault(known["id"], []).append({"principal_id": group, "principal_type": "group"})
        found: Shelf[Object] = Shelf()
        roles = self.role.kept(exchange)
        for name, where in sources.items():
            if (role := roles.get(name)) is not None:
                told = {n: v for n, v in role.items() if n != "object"}
                found.put(name, _NOTHING | told | {"assignment_sources": where})
        return found

    async def create(self, exchange: Exchange) -> Reply:
        """Assigns a role of this organisation or project; 404 when there is no such role."""
        shelf, world = self._shelf(exchange), exchange.world
        role = self.role.found(exchange, exchange.body["role_id"])
        shelf.put(role["id"], {"id": role["id"]})
        made: Object = {"object": f"{'user' if self._is_user else 'group'}.role", "role": self.role.shown(role)}
        if self._is_user:
            made["user"] = shown(world, world.shelf(USER.home).get(exchange.path["user_id"]) or {})
        else:
            group: Object = world.shelf(GROUP.home).get(exchange.path["group_id"]) or {}
            told: Object = {n: group[n] for n in ("id", "name", "created_at")}
            made["group"] = told | {"object": "group", "scim_managed": False}
        return json_reply(made)

    async def list(self, exchange: Exchange) -> Reply:
        """Lists the roles that are assigned, those through groups too, with where they come from."""
        found = paged(exchange, self._all(exchange), self.role)
        return shown_page(exchange, found, lambda known: known)

    async def retrieve(self, exchange: Exchange) -> Reply:
        """Shows a role that is assigned; 404 for others."""
        known = self._all(exchange).get(exchange.path["role_id"])
        if known is None:
            raise _unassigned(exchange)
        return json_reply(known)

    async def delete(self, exchange: Exchange) -> Reply:
        """Takes a role away; 404 where it was not assigned."""
        if self._shelf(exchange).pop(exchange.path["role_id"]) is None:
            raise _unassigned(exchange)
        return json_reply({"object": f"{'user' if self._is_user else 'group'}.role.deleted", "deleted": True})


def _unassigned(exchange: Exchange) -> Problem:
    wanted = exchange.path["role_id"]
    return Problem(404, f"The role '{wanted}' is not assigned.", param="role_id", code="not_found")


_ALL = (
    Assignment(USER, ROLE),
    Assignment(GROUP, ROLE),
    Assignment(MEMBER, PROJECT_ROLE),
    Assignment(GRANT, PROJECT_ROLE),
)
HANDLERS: dict[str, Handler] = audited(
    {
        f"{each.home}.{action}": getattr(each, action)
        for each in _ALL
        for action in ("create", "list", "retrieve", "delete")
    }
)
