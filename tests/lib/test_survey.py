"""What public programs import below the official package is importable here, or refused with a reason."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import openai.lib.beta.agents  # pyright: ignore[reportUnusedImport]  # isort: skip  # first, or the official package's own imports go in a circle
from antiphon.core import alias, official

SURVEY = json.loads(Path(__file__).with_name("survey.json").read_text())
# Left out, although programs import it; each has its reason in `official.ABSENT`, or is a name nobody should rely on.
REFUSED = {
    "_base_client": {"AsyncAPIClient", "SyncAPIClient", "_AsyncStreamT"},
    "_compat": {"cached_property", "model_copy", "model_dump", "model_parse", "parse_obj"},
    "_constants": {"INITIAL_RETRY_DELAY", "MAX_RETRY_DELAY", "RAW_RESPONSE_HEADER"},
    "_files": {"to_httpx_files"},
    "_models": {"add_request_id"},
    "_qs": {"Querystring"},
    "_resource": {"AsyncAPIResource", "SyncAPIResource"},
    "_response": {"BinaryAPIResponse"},
    "_types": {"SequenceNotStr"},
    "_utils": {"async_maybe_transform", "maybe_transform"},
    "lib._parsing": {"parse_chat_completion"},
    "lib._parsing._completions": {"parse_chat_completion"},
    "lib._parsing._responses": {"parse_response"},
    "lib._pydantic": {"_ensure_strict_json_schema"},
    "lib.azure": {"API_KEY_SENTINEL"},
}


def rows() -> Iterator[tuple[str, str]]:
    """Each path and name once, of those that the official package has today."""
    found: dict[tuple[str, str], None] = {}
    for part in ("found", "searched"):
        for path, names in SURVEY[part].items():
            found.update({(path, name): None for name in names})
    yield from (row for row in found if is_there("openai", *row))


def is_there(package: str, path: str, name: str) -> bool:
    try:
        module = importlib.import_module(f"{package}.{path}".rstrip("."))
        return name in ("", "*") or hasattr(module, name) or bool(importlib.import_module(f"{module.__name__}.{name}"))
    except ImportError:
        return False


def test_what_programs_import_is_there() -> None:
    missing: dict[str, set[str]] = {}
    for path, name in rows():
        if not is_there("antiphon", path, name):
            missing.setdefault(path, set()).add(name)
    assert missing == REFUSED


def test_the_survey_is_one() -> None:
    assert len(SURVEY["repositories"]) > 30
    assert sum(1 for _ in rows()) > 600


@pytest.mark.parametrize("path", sorted(REFUSED))
def test_what_is_left_out_has_a_reason(path: str) -> None:
    for name in REFUSED[path]:
        assert alias.reason(f"{path}.{name}")


def test_a_private_module_is_there_because_programs_import_it() -> None:
    used = {*SURVEY["found"], *SURVEY["searched"]}
    private = {path for path in official.MODULES if alias.is_private(path)}
    unused = {path for path in private if not any(use == path or use.startswith(f"{path}.") for use in used)}
    # Its neighbours are imported, and it has their names.
    assert unused == {"lib.streaming.chat._types"}


def test_no_reason_is_for_what_is_there() -> None:
    assert not {path for path in official.ABSENT if is_there("antiphon", *path.rpartition(".")[::2])}


def test_every_reason_is_for_what_the_official_package_has() -> None:
    assert not {path for path in official.ABSENT if not is_there(openai.__name__, *path.rpartition(".")[::2])}
