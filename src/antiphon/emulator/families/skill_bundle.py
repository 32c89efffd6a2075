"""A skill's files: from an upload of several or of one zip to the one zip that is kept, and what its SKILL.md says of it.

Knows archives and front matter; which skill and version they become is `skill`'s concern.
"""

from __future__ import annotations

import io
import re
import zipfile
from base64 import b64decode
from binascii import Error as NotBase64
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple

from ..incoming import Incoming
from ..problem import Problem, invalid, missing
from ..shape import is_array

MANIFEST: Final = "skill.md"
MOST_FILES: Final = 500
MOST_BYTES: Final = 25 * 1024 * 1024
_LONGEST: Final = {"name": 64, "description": 1024}
_KEY: Final = re.compile(r"([A-Za-z_][\w-]*):(?:\s+(.*))?$")
_WHEN: Final = (1980, 1, 1, 0, 0, 0)  # the same files give the same bytes


class Bundle(NamedTuple):
    """What a skill is made of."""

    name: str
    description: str
    archive: bytes


def uploaded(given: Any) -> Bundle:
    """The bundle of a request's `files`; raises 400 where there is no readable SKILL.md in it."""
    sent = given if is_array(given) else [given]
    files = [file for file in sent if isinstance(file, Incoming)]
    if given is None or not sent:
        raise missing("files")
    if len(files) < len(sent):
        raise invalid("files", "Send the files as parts of a multipart body.", "invalid_type")
    if sum(file.size for file in files) > MOST_BYTES:
        raise _too_large("files")
    if len(files) == 1 and zipfile.is_zipfile(files[0].path):
        return bundled(_unzipped(files[0].read(), "files"), "files")
    return bundled({file.filename: file.read() for file in files}, "files")


def inline(source: dict[str, Any], param: str) -> Bundle:
    """The bundle of a base64 zip in a request's body."""
    try:
        archive = b64decode(source["data"], validate=True)
    except (NotBase64, ValueError):
        raise invalid(param, "The data is not base64.", "invalid_base64") from None
    return bundled(_unzipped(archive, param), param)


def bundled(files: dict[str, bytes], param: str) -> Bundle:
    """The bundle of files by path; raises 400 where their SKILL.md is not what it must be."""
    if len(files) > MOST_FILES:
        raise invalid(param, f"A skill has at most {MOST_FILES} files.", "too_many_files")
    manifests = [path for path in files if PurePosixPath(path).name.lower() == MANIFEST]
    if len(manifests) != 1 or len(PurePosixPath(manifests[0]).parts) > 2:
        raise invalid(param, "A skill has exactly one SKILL.md, at the top of its one folder.", "invalid_skill")
    folder = PurePosixPath(manifests[0]).parent
    if str(folder) != "." and any(PurePosixPath(path).parts[0] != str(folder) for path in files):
        raise invalid(param, f"All files of the skill must lie in its folder '{folder}'.", "invalid_skill")
    try:
        told = front_matter(files[manifests[0]].decode())
    except UnicodeDecodeError:
        raise invalid(param, "SKILL.md is not UTF-8.", "invalid_skill") from None
    for field, most in _LONGEST.items():
        if not 0 < len(told.get(field, "")) <= most:
            message = f"The front matter of SKILL.md needs a '{field}' of 1 to {most} characters."
            raise invalid(param, message, "invalid_skill")
    return Bundle(told["name"], told["description"], _zipped(files))


def front_matter(text: str) -> dict[str, str]:
    """The plain values between the two lines of dashes a SKILL.md begins with; folded ones on one line."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---":
        return {}
    found: dict[str, str] = {}
    name = ""
    for line in lines[1:]:
        if line.strip() == "---":
            return {key: " ".join(value.split()) for key, value in found.items()}
        if (match := _KEY.match(line)) is not None:
            name, value = match[1], (match[2] or "").strip()
            found[name] = "" if value in (">", ">-", "|", "|-") else _unquoted(value)
        elif name and line.startswith((" ", "\t")):
            found[name] += " " + line.strip()
    return {}


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def _unzipped(archive: bytes, param: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES:
                raise invalid(param, f"A skill has at most {MOST_FILES} files.", "too_many_files")
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise _too_large(param)
            return {_inside(entry.filename, param): opened.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        raise invalid(param, "The zip file cannot be read.", "invalid_zip") from None


def _inside(path: str, param: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise invalid(param, f"The path '{path[:100]}' leads out of the skill.", "invalid_path")
    return str(PurePosixPath(path))


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, _WHEN), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _too_large(param: str) -> Problem:
    return Problem(413, f"A skill has at most {MOST_BYTES} bytes.", param=param, code="file_too_large")
