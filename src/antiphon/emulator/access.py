"""Whose request it is: keys known by their digests alone, the projects they belong to, and what they may do.

Three kinds of keys pass. Those that the admin family made work for their project, or for the organisation, until they are
deleted or expire or their project is archived; a deleted key stays refused. Of all others, `Setting.api_keys` says which
pass; where it is empty, every plausible key does. Such a key is noticed when it is first used: it is listed among the
default project's keys as its first user's, and can be deleted there like any other.

A fresh emulator is open: a key nobody registered may do everything, the organisation's business included. Keys made for
a project may not touch the organisation and admin keys nothing else, as in the real API. When one of `Setting.api_keys`
begins with `sk-admin`, the same parting holds among those.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from .exchange import Caller
from .problem import Problem, unauthenticated, wrong_key

if TYPE_CHECKING:
    from .description import Operation
    from .world import World

REFUSED_PREFIX: Final = "sk-invalid"
ADMIN_PREFIX: Final = "sk-admin"
ORGANIZATION: Final = "org-antiphon"
PROJECT: Final = "proj_antiphon"
USER: Final = "user-antiphon"
KEYS: Final = "admin.keys"
"""The shelf of key records by id: digest, project, owner, rights, times; never the key."""
PROJECTS: Final = "admin.organization.projects"
MOST_NOTICED: Final = 1024
_MODEL: Final = frozenset(
    {"audio", "chat", "completions", "embeddings", "images", "moderations", "realtime", "responses"}
)
Record = dict[str, Any]


class Access:
    """The door of one world; what it remembers of keys lies on a shelf, what it has just judged in `_seen`."""

    def __init__(self, world: World) -> None:
        keys = world.setting.api_keys
        self._world = world
        self._digests = tuple(_digest(key) for key in keys)
        self._parted = any(key.startswith(ADMIN_PREFIX) for key in keys)
        self._seen: dict[bytes, Caller] = {}
        self._used: dict[str, int] = {}

    def enter(self, headers: dict[bytes, bytes], operation: Operation) -> Caller:
        """Whose request for an operation it is; raises 401 for who it may not be, 403 for what the key may not do."""
        caller = self.admit(headers.get(b"authorization"))
        if b"openai-project" in headers or b"openai-organization" in headers:
            caller = self.placed(caller, headers)
        if caller.rights or caller.scopes:
            self.judge(caller, operation)
        return caller

    def admit(self, authorization: bytes | None) -> Caller:
        """Whose request it is; raises 401 for a missing or refused key."""
        if (known := self._seen.get(authorization)) is not None:  # type: ignore[arg-type]
            return known
        if authorization is None:
            raise unauthenticated()
        scheme, _, key = authorization.decode("latin-1").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise unauthenticated()
        caller, lasts = self._judged(key)
        if lasts and len(self._seen) < MOST_NOTICED:
            self._seen[authorization] = caller
        return caller

    def _judged(self, key: str) -> tuple[Caller, bool]:
        """Whose key it is, and whether that holds until somebody changes it."""
        digest = _digest(key)
        record = self._world.shelf(KEYS).get(_id(digest))
        if record is None or not record["rights"]:
            if self._refuses(key, digest) or (record is not None and record["gone"]):
                raise wrong_key(_shown(key))
            rights = self._rights(key)
            record = record or self._noticed(key, digest, rights)
        elif record["gone"] or self._is_over(record) or not hmac.compare_digest(record["digest"], digest):
            raise wrong_key(_shown(key))
        else:
            rights = record["rights"]
        self._require_active(record["project"])
        owner, scopes = record["owner"]["id"], tuple(record["scopes"])
        caller = Caller(digest, record["project"] or PROJECT, record["id"], owner, rights, scopes)
        return caller, record["expires_at"] is None

    def _refuses(self, key: str, digest: str) -> bool:
        if self._digests:
            return not any(hmac.compare_digest(digest, known) for known in self._digests)
        return key.startswith(REFUSED_PREFIX)

    def _rights(self, key: str) -> str:
        if not self._parted:
            return ""
        return "admin" if key.startswith(ADMIN_PREFIX) else "project"

    def _is_over(self, record: Record) -> bool:
        expires: int | None = record["expires_at"]
        return expires is not None and expires <= self._world.clock()

    def _require_active(self, project: str | None) -> None:
        known = self._world.shelf(PROJECTS).get(project or "")
        if known is not None and known["status"] == "archived":
            raise mismatch("project", f"The project {project} has been archived.", "not_authorized_invalid_project")

    def _noticed(self, key: str, digest: str, rights: str) -> Record:
        record = self._record(key, digest, project=PROJECT, rights="", owner={"type": "user", "id": USER})
        if rights != "admin" and len(self._world.shelf(KEYS)) < MOST_NOTICED:
            self.keep(record)
        return record

    # What a request may do with its key.

    def placed(self, caller: Caller, headers: dict[bytes, bytes]) -> Caller:
        """The caller in the project that the headers name; raises 401 where a registered key does not belong to it."""
        organization = headers.get(b"openai-organization", b"").decode("latin-1")
        project = headers.get(b"openai-project", b"").decode("latin-1")
        if caller.rights and organization not in ("", ORGANIZATION):
            raise mismatch("organization", "The header OpenAI-Organization names another organization than the key's.")
        if not project or project == caller.project or caller.rights == "admin":
            return caller
        if caller.rights:
            raise mismatch("project", "The header OpenAI-Project names another project than the key's.")
        self._require_active(project)
        return caller._replace(project=project) if self._world.shelf(PROJECTS).get(project) else caller

    def judge(self, caller: Caller, operation: Operation) -> None:
        """Raise 403 for what a registered key may not do; keys without `rights` and `scopes` may do everything."""
        is_admin = operation.name.startswith("admin.")
        if caller.rights and is_admin != (caller.rights == "admin"):
            need = "management" if is_admin else "model"
            raise _insufficient(f"api.{need}.{'read' if operation.verb == 'GET' else 'write'}")
        if caller.scopes:
            self._judge_scopes(caller.scopes, operation)

    def _judge_scopes(self, scopes: tuple[str, ...], operation: Operation) -> None:
        family = operation.name.removeprefix("beta.").partition(".")[0]
        named = f"api.{'model' if family in _MODEL else family}"
        reads = operation.verb == "GET"
        wanted = {f"api.{family}.read", f"{named}.read", "api.all.read"} if reads else set[str]()
        wanted |= {f"{name}.{verb}" for name in (f"api.{family}", named) for verb in ("request", "write")}
        if not wanted & {*scopes} and "api.all" not in scopes:
            raise _insufficient(f"{named}.{'read' if reads else 'request' if family in _MODEL else 'write'}")

    # What the admin family does with keys.

    def issue(self, prefix: str, name: str, seconds: int | None = None, **known: Any) -> tuple[str, Record]:
        """A new key that works from now on, for so many seconds or for ever: the key itself, this once, and its record."""
        world = self._world
        key = prefix + world.secret(48)
        record = self._record(key, _digest(key), **known)
        record |= {"name": name, "expires_at": None if seconds is None else world.now() + seconds}
        self.keep(record)
        return key, record

    def keep(self, record: Record) -> None:
        """Keep a record that is new or was changed; what was judged by it before is judged again."""
        self._world.shelf(KEYS).put(record["id"], record)
        self._seen.clear()

    def revoke(self, record: Record) -> None:
        """Refuse the key from now on."""
        self.keep(record | {"gone": True})

    def forget(self) -> None:
        """Judge every key anew: a project changed."""
        self._seen.clear()

    def note(self, caller: Caller, now: float) -> None:
        """The key was used; its record tells so to the minute."""
        minute = int(now) // 60
        if self._used.get(caller.id) == minute:
            return
        if len(self._used) > MOST_NOTICED:
            self._used.clear()
        self._used[caller.id] = minute
        shelf = self._world.shelf(KEYS)
        if (record := shelf.get(caller.id)) is not None:
            shelf.put(caller.id, record | {"last_used_at": int(now)})

    def _record(self, key: str, digest: str, **known: Any) -> Record:
        usual: Record = {
            "id": _id(digest),
            "digest": digest,
            "name": "",
            "redacted_value": _shown(key),
            "created_at": self._world.now(),
            "last_used_at": None,
            "expires_at": None,
            "scopes": [],
            "gone": False,
        }
        return usual | known


def mismatch(what: str, message: str, code: str | None = None) -> Problem:
    """The request names another project or organisation than its key may use."""
    return Problem(401, message, code=code or f"mismatched_{what}")


def _insufficient(scope: str) -> Problem:
    return Problem(403, f"The API key may not do this. Missing scopes: {scope}.", code="missing_scope")


def _digest(key: str) -> str:
    return hashlib.blake2s(key.encode()).hexdigest()


def _id(digest: str) -> str:
    return f"key_{digest[:24]}"


def _shown(key: str) -> str:
    return f"{key[:3]}***{key[-4:]}" if len(key) > 12 else "***"
