"""Bringing local files into an agent's environment: upload them, and say where they shall stand. Flows, for both colours.

An upload that succeeded belongs to the caller even where the whole fails: the errors carry what is there to be cleaned up.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..core.call import Call
from ..core.effects import Invoke, Perform
from ..core.omit import SENTINELS, not_given
from ..errors import OpenAIError
from .agent_selection import Selected, checked_destination, select, select_directory, select_files
from .flaw import id_of

if TYPE_CHECKING:
    from ..types.beta.agents.environments import EnvironmentFile


@dataclass
class PreparedAgentFiles:
    """Files that are uploaded and ready for an environment.

    Attributes:
        files: what `environment.files` takes.
        uploaded_file_ids: the uploads, which are the caller's to delete.
    """

    files: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    uploaded_file_ids: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class StagedAgentFile:
    """A file in an environment.

    Attributes:
        uploaded_file_id: its upload, which is the caller's to delete.
        file: what the environment says of it.
    """

    uploaded_file_id: str
    file: EnvironmentFile


class AgentFilePreparationError(OpenAIError):
    """Not all files could be uploaded.

    Attributes:
        prepared: those that were.
    """

    def __init__(self, prepared: PreparedAgentFiles) -> None:
        super().__init__(
            f"only {len(prepared.uploaded_file_ids)} file(s) could be uploaded; .prepared has them, to use or to delete"
        )
        self.prepared = prepared


class AgentFileStagingError(OpenAIError):
    """A file was uploaded, but could not be put into the environment.

    Attributes:
        uploaded_file_id: the upload, to use or to delete.
    """

    def __init__(self, uploaded_file_id: str) -> None:
        super().__init__("the file was uploaded but not put into the environment; .uploaded_file_id has the upload")
        self.uploaded_file_id = uploaded_file_id


async def prepare_files(
    client: Any, *, files: Mapping[str, str | os.PathLike[str]], **options: Any
) -> PreparedAgentFiles:
    """Upload local files by destination.

    Raises:
        ValueError: a file or a destination cannot be; nothing was uploaded then.
        AgentFilePreparationError: an upload failed.
    """
    _check_key(client, len(files), options.get("extra_headers"))
    return await _uploaded(await Invoke(select_files, files), options)


async def prepare_directory(
    client: Any, *, root: str | os.PathLike[str], destination: str, include: Sequence[str], **options: Any
) -> PreparedAgentFiles:
    """Upload the files below a directory that match; otherwise as `prepare_files`."""
    selected = await Invoke(select_directory, root, destination, include)
    _check_key(client, len(selected), options.get("extra_headers"))
    return await _uploaded(selected, options)


async def upload_environment_file(
    client: Any, *, environment_id: str, file: Any, path: str, **options: Any
) -> StagedAgentFile:
    """Upload a file and put it into an environment.

    Raises:
        ValueError: the id is empty, or the file or the path cannot be.
        AgentFileStagingError: it was uploaded, but the environment did not take it.
    """
    from ..operations.beta import AGENTS_ENVIRONMENTS_FILES_CREATE

    if not environment_id:
        raise ValueError("environment_id must not be empty")
    checked_destination(path)
    with ExitStack() as opened:
        uploaded_id = id_of(await Perform(_upload_call(await Invoke(_content, file, path, opened), options)))
    place = {"type": "file_id", "file_id": uploaded_id, "path": path}
    call = Call[Any](
        AGENTS_ENVIRONMENTS_FILES_CREATE, path={"environment_id": environment_id}, body=place, **_passed(options)
    )
    try:
        return StagedAgentFile(uploaded_file_id=uploaded_id, file=await Perform(call))
    except Exception as error:
        raise AgentFileStagingError(uploaded_id) from error
    except BaseException as error:
        # Whoever interrupts the call must be able to clean up as well.
        error.__dict__["uploaded_file_id"] = uploaded_id
        raise


async def _uploaded(selected: list[Selected], options: Mapping[str, Any]) -> PreparedAgentFiles:
    prepared = PreparedAgentFiles()
    try:
        for chosen in selected:
            with await Invoke(chosen.open) as handle:
                uploaded_id = id_of(await Perform(_upload_call((chosen.path.name, handle), options)))
            prepared.uploaded_file_ids.append(uploaded_id)
            prepared.files.append({"type": "file_id", "file_id": uploaded_id, "path": chosen.destination})
    except Exception as error:
        raise AgentFilePreparationError(prepared) from error
    except BaseException as error:
        error.__dict__["prepared"] = prepared
        raise
    return prepared


def _upload_call(file: Any, options: Mapping[str, Any]) -> Call[Any]:
    from ..operations.files import CREATE

    return Call(CREATE, body={"file": file, "purpose": "user_data"}, **_passed(options))


def _passed(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "headers": options.get("extra_headers"),
        "extra_query": options.get("extra_query"),
        "extra_body": options.get("extra_body"),
        "timeout": options.get("timeout", not_given),
    }


def _content(file: Any, destination: str, opened: ExitStack) -> Any:
    """What is uploaded: a path becomes the open file, everything else stays."""
    named = isinstance(file, tuple)
    inner: Any = file[1] if named else file  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(inner, os.PathLike):
        return file  # pyright: ignore[reportUnknownVariableType]
    path = Path(cast("os.PathLike[str]", inner))
    handle = opened.enter_context(select(destination, path).open())
    return (file[0], handle, *file[2:]) if named else (path.name, handle)


def _check_key(client: Any, count: int, extra_headers: Mapping[str, Any] | None) -> None:
    headers = {name.lower(): value for name, value in {**client.default_headers, **(extra_headers or {})}.items()}
    key = headers.get("idempotency-key")
    if count > 1 and key is not None and key.__class__ not in SENTINELS:
        raise ValueError("one Idempotency-Key cannot serve several uploads; leave it out")
