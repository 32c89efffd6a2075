"""Videos: jobs that take their time and end in a small real film, or fail; remixed, edited, extended, downloaded, expired.

A video keeps its scenes, each a prompt and its seconds; the film is painted from them when it is first downloaded.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from ..exchange import Exchange, FileReply, Handler, Reply, json_reply
from ..incoming import Incoming
from ..media import clip
from ..media.png import UnreadableImage
from ..media.probe import image_size
from ..problem import Problem, invalid, missing, unknown_model
from ..span import DAY
from ..world import Job, World
from .crud import Kind, Object, crud, deleted
from .file import uploaded
from .moderation_rule import THRESHOLD, scores
from .video_film import FORMATS, rendered
from .webhook import emit

MODELS: Final = ("sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-pro-2025-10-06", "sora-2-2025-12-08")
_PRO_SIZES: Final = ("1024x1792", "1792x1024")
KEPT_SECONDS: Final = DAY
STEPS: Final = 5
"""In how many steps a job is done; the first takes it out of the queue."""
MOST_SECONDS: Final = 120
CHARACTERS: Final = "videos.characters"
VIDEO: Final = Kind(home="videos", param="video_id", noun="video", prefix="video_", digits=48, hidden=("scenes",))


async def _create(exchange: Exchange) -> Reply:
    """Queues a job whose progress grows until its film can be downloaded, or that fails where the prompt is unsafe."""
    body = exchange.body
    model, size, seconds = body.get("model") or "sora-2", body.get("size") or "720x1280", body.get("seconds") or "4"
    if model not in MODELS and model not in exchange.world.setting.models:
        raise unknown_model(model)
    if size in _PRO_SIZES and not model.startswith("sora-2-pro"):
        raise invalid("size", f"Invalid value: '{size}'. {model} takes '720x1280' and '1280x720'.")
    _refuse_reference(exchange, body.pop("input_reference", None), size)
    return _queued(exchange, [[_prompt(body), int(seconds)]], model=model, size=size)


def _prompt(body: dict[str, Any]) -> str:
    prompt: str = body["prompt"]
    if not prompt.strip():
        raise missing("prompt")
    return prompt


def _refuse_reference(exchange: Exchange, reference: Any, size: str) -> None:
    """A first frame must be a picture of the film's size, or a file that exists."""
    if isinstance(reference, Incoming):
        try:
            wide, high = image_size(reference.read())
        except UnreadableImage as error:
            raise invalid("input_reference", "The reference is no picture.", "invalid_image_file") from error
        if f"{wide}x{high}" != size:
            raise invalid("input_reference", "Inpaint image must match the requested width and height")
    elif reference is not None:
        wanted = reference.get("file_id")
        if (wanted is None) == (reference.get("image_url") is None):
            raise invalid("input_reference", "Give either 'file_id' or 'image_url'.")
        if wanted is not None:
            uploaded(exchange.world, wanted, "input_reference.file_id")


def _queued(exchange: Exchange, scenes: list[Any], *, model: str, size: str, remixed: str | None = None) -> Reply:
    world = exchange.world
    made = VIDEO.made(
        exchange,
        status="queued",
        progress=0,
        model=model,
        size=size,
        prompt=scenes[-1][0],
        seconds=str(sum(scene[1] for scene in scenes)),
        completed_at=None,
        expires_at=None,
        error=None,
        remixed_from_video_id=remixed,
        scenes=scenes,
    )
    world.later(world.setting.background_seconds / STEPS, "video.advance", video=made["id"], step=1)
    return json_reply(VIDEO.shown(made))


async def _advance(world: World, video: str, step: int) -> None:
    """One step of a job; a video that was deleted meanwhile is left alone."""
    shelf = world.shelf(VIDEO.home)
    known: Object | None = shelf.get(video)
    if known is None:
        return
    if max(scores(known["prompt"]).values()) >= THRESHOLD:
        error = {"code": "moderation_blocked", "message": "The prompt was blocked by the moderation of videos."}
        shelf.put(video, known | {"status": "failed", "error": error})
        emit(world, "video.failed", {"id": video})
    elif step < STEPS:
        shelf.put(video, known | {"status": "in_progress", "progress": 100 * (step - 1) // (STEPS - 1)})
        world.later(world.setting.background_seconds / STEPS, "video.advance", video=video, step=step + 1)
    else:
        now = world.now()
        done = {"status": "completed", "progress": 100, "completed_at": now, "expires_at": now + KEPT_SECONDS}
        shelf.put(video, known | done)
        emit(world, "video.completed", {"id": video})


# Out of other videos.


async def _remix(exchange: Exchange) -> Reply:
    """Queues another video as long and as large as a completed one, from a new prompt, and says where it comes from."""
    source = _completed(exchange, exchange.path["video_id"])
    scenes = [[_prompt(exchange.body), int(source["seconds"])]]
    return _queued(exchange, scenes, model=source["model"], size=source["size"], remixed=source["id"])


async def _edit(exchange: Exchange) -> Reply:
    """Queues a video that shows the new prompt for as long as the given one, which is completed or an uploaded MP4."""
    prompt, source = _prompt(exchange.body), _source(exchange)
    scenes = [[prompt, int(source["seconds"])]]
    return _queued(exchange, scenes, model=source["model"], size=source["size"], remixed=source["id"])


async def _extend(exchange: Exchange) -> Reply:
    """Queues a video that goes on after the given one: its scenes, then the new prompt for the seconds asked for."""
    prompt, source = _prompt(exchange.body), _source(exchange)
    scenes: list[Any] = [*source["scenes"], [prompt, int(exchange.body["seconds"])]]
    if sum(scene[1] for scene in scenes) > MOST_SECONDS:
        raise invalid("seconds", f"The stitched video would be longer than {MOST_SECONDS} seconds.")
    return _queued(exchange, scenes, model=source["model"], size=source["size"])


def _source(exchange: Exchange) -> Object:
    """The completed video a body names, or what is known of an uploaded one."""
    given = exchange.body.pop("video")
    if not isinstance(given, Incoming):
        return _completed(exchange, given["id"])
    wide, high, seconds = clip.shape(given.read())
    size = f"{wide}x{high}"
    if size not in FORMATS or seconds <= 0:
        raise invalid("video", f"The file is no MP4 in one of the sizes {', '.join(FORMATS)}.", "invalid_video_file")
    whole = max(1, round(seconds))
    model = "sora-2-pro" if size in _PRO_SIZES else "sora-2"
    return {"id": None, "model": model, "size": size, "seconds": str(whole), "scenes": [[given.filename, whole]]}


def _completed(exchange: Exchange, wanted: str) -> Object:
    known = VIDEO.found(exchange, wanted)
    if known["status"] != "completed":
        message = f"Video '{wanted}' is {known['status']}; it must be completed first."
        raise Problem(400, message, param="video_id", code="video_not_completed")
    return known


# What can be had of one.


async def _download(exchange: Exchange) -> FileReply:
    """Sends the film, its first picture or a sheet of pictures; 400 until it is completed, 404 after it has expired."""
    world, known = exchange.world, VIDEO.found(exchange)
    if known["status"] != "completed":
        message = f"Video '{known['id']}' is not ready to be downloaded: it is {known['status']}."
        raise Problem(400, message, param="video_id", code="video_not_ready")
    if known["expires_at"] <= world.now():
        raise Problem(404, f"The files of video '{known['id']}' have expired.", param="video_id", code="video_expired")
    variant = exchange.query.get("variant") or "video"
    path = _path(world, known["id"], variant)
    if not path.is_file():
        data = await asyncio.to_thread(rendered, known["scenes"], known["size"], variant)
        path.write_bytes(data)
    kind = {"video": b"video/mp4", "thumbnail": b"image/webp", "spritesheet": b"image/jpeg"}[variant]
    return FileReply(path, path.stat().st_size, kind)


def _path(world: World, video: str, variant: str) -> Path:
    return world.folder() / f"{video}-{variant}"


async def _delete(exchange: Exchange) -> Reply:
    """Removes a video and its files; a job that is under way ends."""
    known = VIDEO.found(exchange)
    for variant in ("video", "thumbnail", "spritesheet"):
        _path(exchange.world, known["id"], variant).unlink(missing_ok=True)
    VIDEO.remove(exchange, known)
    return deleted(exchange, known["id"])


# Characters.


async def _create_character(exchange: Exchange) -> Reply:
    """Keeps a character by its name and the MP4 that shows it."""
    body, world = exchange.body, exchange.world
    if not body["name"].strip():
        raise missing("name")
    file = body["video"]
    if not isinstance(file, Incoming) or clip.shape(file.read())[2] <= 0:
        raise invalid("video", "The file is no MP4 that can be read.", "invalid_video_file")
    drawn = world.identity.draw("char_", 32)
    file.keep(world.folder() / drawn)
    made = {"id": drawn, "created_at": world.now(), "name": body["name"]}
    world.shelf(CHARACTERS).put(drawn, made)
    return json_reply(made)


async def _get_character(exchange: Exchange) -> Reply:
    """Shows a character; 404 when there is none."""
    wanted = exchange.path["character_id"]
    if (known := exchange.world.shelf(CHARACTERS).get(wanted)) is None:
        raise Problem(404, f"No character found with id '{wanted}'.", param="character_id", code="not_found")
    return json_reply(known)


HANDLERS: dict[str, Handler] = crud(VIDEO) | {
    "videos.create": _create,
    "videos.remix": _remix,
    "videos.edit": _edit,
    "videos.extend": _extend,
    "videos.download_content": _download,
    "videos.delete": _delete,
    "videos.create_character": _create_character,
    "videos.get_character": _get_character,
}
JOBS: dict[str, Job] = {"advance": _advance}
