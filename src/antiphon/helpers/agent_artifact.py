"""The files a turn of an agent left behind, found by their path."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from ..core.call import Call
from ..core.mismatch import kind_of
from ..core.omit import not_given
from ..core.view import View
from .agent_result import AgentTurnResult
from .flaw import id_of, lacking

if TYPE_CHECKING:
    from ..types.beta.agents.sessions import SessionArtifact


class _Artifacts:
    def __init__(self, client: Any, result: AgentTurnResult[Any]) -> None:
        self._client = client
        self._session_id = result.session_id
        self._turn_id = result.turn_id

    def _listing(self, options: Mapping[str, Any]) -> Call[Any]:
        from ..operations.beta import AGENTS_SESSIONS_ARTIFACTS_LIST

        return Call(AGENTS_SESSIONS_ARTIFACTS_LIST, path={"session_id": self._session_id}, **options)

    def _content(self, artifact: SessionArtifact, options: Mapping[str, Any]) -> Call[Any]:
        from ..operations.beta import AGENTS_SESSIONS_ARTIFACTS_CONTENT

        path = {"session_id": self._session_id, "artifact_id": id_of(artifact)}
        return Call(AGENTS_SESSIONS_ARTIFACTS_CONTENT, path=path, **options)

    def _is_at(self, artifact: SessionArtifact, path: str) -> bool:
        if not isinstance(artifact, View):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise lacking(artifact, f"data: expected objects, got {kind_of(artifact)}")
        return (artifact.session_id, artifact.turn_id, artifact.path) == (self._session_id, self._turn_id, path)


def _only(found: list[SessionArtifact], path: str) -> SessionArtifact:
    if len(found) != 1:
        many = "more than one artifact" if found else "no artifact"
        raise ValueError(f"{many} of this turn has the path {path!r}")
    return found[0]


def _options(extra_headers: Any, extra_query: Any, extra_body: Any, timeout: Any) -> dict[str, Any]:
    return {"headers": extra_headers, "extra_query": extra_query, "extra_body": extra_body, "timeout": timeout}


class AgentResultArtifacts(_Artifacts):
    """The artifacts of one completed turn.

    >>> artifacts = client.beta.agents.sessions.artifacts.for_result(result)  # doctest: +SKIP
    >>> artifacts.download("/workspace/outputs/report.pdf", to="report.pdf")  # doctest: +SKIP

    Raises:
        ValueError: (from its methods) no artifact of the turn has the path, or more than one has.
    """

    def content(
        self,
        path: str,
        *,
        extra_headers: Any = None,
        extra_query: Any = None,
        extra_body: Any = None,
        timeout: Any = not_given,
    ) -> Any:
        """The binary content of the artifact at a path."""
        options = _options(extra_headers, extra_query, extra_body, timeout)
        return self._client.perform(self._content(self._find(path, options), options))

    def download(
        self,
        path: str,
        *,
        to: str | PathLike[str],
        extra_headers: Any = None,
        extra_query: Any = None,
        extra_body: Any = None,
        timeout: Any = not_given,
    ) -> SessionArtifact:
        """Write the artifact at a path to a local file, piece by piece."""
        options = _options(extra_headers, extra_query, extra_body, timeout)
        artifact = self._find(path, options)
        with self._client.streaming.perform(self._content(artifact, options)) as content:
            content.stream_to_file(to)
        return artifact

    def _find(self, path: str, options: Mapping[str, Any]) -> SessionArtifact:
        return _only([item for item in self._client.perform(self._listing(options)) if self._is_at(item, path)], path)


class AsyncAgentResultArtifacts(_Artifacts):
    """As `AgentResultArtifacts`, with coroutines."""

    async def content(
        self,
        path: str,
        *,
        extra_headers: Any = None,
        extra_query: Any = None,
        extra_body: Any = None,
        timeout: Any = not_given,  # noqa: ASYNC109 (the official name)
    ) -> Any:
        """As `AgentResultArtifacts.content`."""
        options = _options(extra_headers, extra_query, extra_body, timeout)
        return await self._client.perform(self._content(await self._find(path, options), options))

    async def download(
        self,
        path: str,
        *,
        to: str | PathLike[str],
        extra_headers: Any = None,
        extra_query: Any = None,
        extra_body: Any = None,
        timeout: Any = not_given,  # noqa: ASYNC109 (the official name)
    ) -> SessionArtifact:
        """As `AgentResultArtifacts.download`."""
        options = _options(extra_headers, extra_query, extra_body, timeout)
        artifact = await self._find(path, options)
        async with await self._client.streaming.perform(self._content(artifact, options)) as content:
            await content.stream_to_file(to)
        return artifact

    async def _find(self, path: str, options: Mapping[str, Any]) -> SessionArtifact:
        listing = self._client.paginate(self._listing(options))
        return _only([item async for item in listing if self._is_at(item, path)], path)
