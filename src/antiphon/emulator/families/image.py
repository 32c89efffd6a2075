"""Images: drawn from a prompt, edited inside a mask, varied; whole, as links, or streamed with pictures on the way."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, Final

from .. import event, token
from ..exchange import AnyReply, EventReply, Exchange, Handler, json_reply
from ..incoming import Incoming
from ..media.painting import Style, paint
from ..media.picture import Picture
from ..media.png import UnreadableImage
from ..media.probe import image_kind, picture_of
from ..media.stamp import stamped
from ..problem import invalid
from .drawing import SHAPES, encoded
from .image_edit import edited, varied
from .image_link import link
from .image_rule import MOST_BYTES, MOST_NEW_BYTES, Order, order

Painter = Callable[[int, float], Picture]
"""Gives the picture of a number, at a finish from 0 to 1."""
_NEW_FIELDS: Final = ("background", "moderation", "output_compression", "output_format", "partial_images", "stream")
_KINDS: Final = {"generation": "image_generation", "edit": "image_edit"}


async def _generate(exchange: Exchange) -> AnyReply:
    """Draws as many pictures of the prompt as asked, of the asked size and format; links last an hour."""
    body = exchange.body
    is_new = any(body.get(name) is not None for name in _NEW_FIELDS)
    wanted = order(exchange.world, body, "gpt-image-1.5" if is_new else "dall-e-2")

    def painter(variant: int, finish: float) -> Picture:
        style = Style(variant=variant, transparent=wanted.transparent, shapes=SHAPES[wanted.quality], finish=finish)
        return paint(wanted.prompt, wanted.width, wanted.height, style)

    return await _answered(exchange, wanted, painter, "generation", 0)


async def _edit(exchange: Exchange) -> AnyReply:
    """Paints the prompt where the mask is clear, or over the whole, and keeps every other pixel of the first picture."""
    body = exchange.body
    files = body["image"] if isinstance(body["image"], list) else [body["image"]]
    model = body.get("model") or ("dall-e-2" if body.get("response_format") else "gpt-image-1.5")
    _refuse_files(model, files, 1 if model == "dall-e-2" else 16)
    pictures = [await _read("image", file, model) for file in files]
    mask = await _mask(body, pictures[0], model)
    wanted = order(exchange.world, body, model, (pictures[0].width, pictures[0].height))

    def painter(variant: int, finish: float) -> Picture:
        return edited(wanted, pictures, mask, variant, finish)

    return await _answered(exchange, wanted, painter, "edit", len(pictures))


async def _create_variation(exchange: Exchange) -> AnyReply:
    """Draws the picture again in other colours, as often as asked; only square PNG files of less than 4 MB are taken."""
    body = exchange.body
    model = body.get("model") or "dall-e-2"
    if model != "dall-e-2":
        raise invalid("model", f"'{model}' makes no variations; dall-e-2 does.")
    _refuse_files(model, [body["image"]], 1)
    picture = await _read("image", body["image"], model)
    if picture.width != picture.height:
        raise invalid("image", "Uploaded image must be square.", "invalid_image_format")
    wanted = order(exchange.world, body | {"prompt": "variation"}, model)

    def painter(variant: int, finish: float) -> Picture:
        del finish
        return varied(picture, wanted.width, wanted.height, variant)

    return await _answered(exchange, wanted, painter, "variation", 1)


# What came in.


def _refuse_files(model: str, files: list[Any], most: int) -> None:
    if not all(isinstance(file, Incoming) for file in files):
        raise invalid("image", "Send the image as a part of a multipart body.", "invalid_type")
    if len(files) > most:
        raise invalid(
            "image", f"Too many images: {model} takes {most}, but got {len(files)}.", "array_above_max_length"
        )


async def _read(param: str, file: Incoming, model: str) -> Picture:
    """The pixels of an upload; raises 400 for what is too large or no picture that the model takes."""
    most = MOST_BYTES.get(model if param == "image" else "dall-e-2", MOST_NEW_BYTES)
    if file.size > most:
        raise invalid(param, f"Uploaded image must be smaller than {most >> 20} MB.", "image_too_large")
    kinds = ("png",) if model == "dall-e-2" or param != "image" else ("png", "jpeg", "webp")
    data = file.read()
    if image_kind(data) not in kinds:
        message = f"Uploaded file is not an image of a supported format: {', '.join(kinds)}."
        raise invalid(param, message, "invalid_image_file")
    try:
        return await asyncio.to_thread(picture_of, data)
    except UnreadableImage as error:
        raise invalid(param, f"Uploaded image cannot be read: {error}.", "invalid_image_file") from error


async def _mask(body: dict[str, Any], first: Picture, model: str) -> Picture | None:
    """Where to paint: the mask's clear pixels; for dall-e-2 without one, the picture's own."""
    if body.get("mask") is not None and body.get("markup") is not None:
        raise invalid("markup", "'markup' cannot be combined with 'mask'.")
    if model == "dall-e-2" and first.width != first.height:
        raise invalid("image", "Uploaded image must be square.", "invalid_image_format")
    for param in ("mask", "markup"):
        if isinstance(file := body.get(param), Incoming):
            found = await _read(param, file, model)
            if (found.width, found.height) != (first.width, first.height):
                raise invalid(param, f"The {param} must be as large as the image.", "invalid_image_format")
            if found.is_opaque:
                message = f"Invalid {param}: no pixel of it is clear, so nothing says where to paint."
                raise invalid(param, message, "invalid_image_format")
            return found if param == "mask" else _inverse(found)
    return first if model == "dall-e-2" and not first.is_opaque else None


def _inverse(picture: Picture) -> Picture:
    """Where a markup was drawn is where to paint: clear and opaque change places."""
    turn = bytes((255, *bytes(255)))
    rows = [bytes(3).join((b"", *(bytes((a,)) for a in row[3::4].translate(turn)))) for row in picture.rows]
    return Picture(picture.width, picture.height, rows)


# What goes out.


async def _answered(exchange: Exchange, wanted: Order, painter: Painter, source: str, images: int) -> AnyReply:
    usage = _usage(wanted, images)
    exchange.usage = {
        "kind": "images",
        "model": wanted.model,
        "input_tokens": usage["input_tokens"],
        "output_tokens": usage["output_tokens"],
        "images": wanted.n,
        "size": wanted.size,
        "source": f"image.{source}",
    }
    if wanted.stream:
        return EventReply(_events(exchange, wanted, painter, usage, _KINDS[source]))
    files = [await asyncio.to_thread(_file, exchange, wanted, painter, variant) for variant in range(wanted.n)]
    if wanted.as_url:
        data: list[dict[str, Any]] = [{"url": link(exchange, file, f"image/{wanted.format}")} for file in files]
    else:
        data = [{"b64_json": b64encode(file).decode()} for file in files]
    if wanted.model == "dall-e-3":
        data = [item | {"revised_prompt": _revised(wanted.prompt)} for item in data]
    made: dict[str, Any] = {"created": exchange.world.now(), "data": data}
    return json_reply(made | (_details(exchange, wanted) | {"usage": usage} if wanted.is_new else {}))


def _details(exchange: Exchange, wanted: Order) -> dict[str, Any]:
    made = {
        "background": "transparent" if wanted.transparent else "opaque",
        "output_format": wanted.format,
        "quality": wanted.quality,
        "size": wanted.size,
    }
    who = exchange.body.get("safety_identifier") or exchange.body.get("user")
    return made | ({"safety_identifier": who} if who else {})


def _usage(wanted: Order, images: int) -> dict[str, Any]:
    text, pixels, drawn = token.count(wanted.prompt), images * 323, wanted.tokens * wanted.n
    return {
        "input_tokens": text + pixels,
        "input_tokens_details": {"text_tokens": text, "image_tokens": pixels},
        "output_tokens": drawn,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": drawn},
        "total_tokens": text + pixels + drawn,
    }


def _file(exchange: Exchange, wanted: Order, painter: Painter, variant: int, finish: float = 1.0) -> bytes:
    """One picture as a marked file; a GIF has its frames between 'nothing yet' and 'all there'."""
    if wanted.format == "gif":
        from ..media import gif

        steps = [painter(variant, (n + 1) / wanted.frames) for n in range(wanted.frames)]
        return gif.encode(steps, wanted.frame_milliseconds)
    made = encoded(painter(variant, finish), wanted.format, compression=wanted.compression, title=wanted.prompt)
    when = datetime.fromtimestamp(exchange.world.now(), UTC).isoformat().replace("+00:00", "Z")
    return stamped(made, {"issuer": "antiphon emulator", "model": wanted.model, "generated_at": when})


def _revised(prompt: str) -> str:
    return (
        f"{prompt.strip().rstrip('.')}. A plain picture of flat shapes in bright colours, with these words at its foot."
    )


async def _events(
    exchange: Exchange, wanted: Order, painter: Painter, usage: dict[str, Any], kind: str
) -> AsyncIterator[bytes]:
    """Pictures on their way, then the whole one, for each that was asked for."""
    for variant in range(wanted.n):
        for number in range(wanted.partials):
            finish = (number + 1) / (wanted.partials + 1)
            file = await asyncio.to_thread(_file, exchange, wanted, painter, variant, finish)
            yield _event(exchange, wanted, f"{kind}.partial_image", file, partial_image_index=number)
        file = await asyncio.to_thread(_file, exchange, wanted, painter, variant)
        share = usage if wanted.n == 1 else _usage(_one(wanted), usage["input_tokens_details"]["image_tokens"] // 323)
        yield _event(exchange, wanted, f"{kind}.completed", file, usage=share)


def _one(wanted: Order) -> Order:
    from dataclasses import replace

    return replace(wanted, n=1)


def _event(exchange: Exchange, wanted: Order, kind: str, file: bytes, **more: Any) -> bytes:
    shown = {"type": kind, "b64_json": b64encode(file).decode(), "created_at": exchange.world.now()}
    return event.named(shown | _details(exchange, wanted) | more)


HANDLERS: dict[str, Handler] = {
    "images.generate": _generate,
    "images.edit": _edit,
    "images.create_variation": _create_variation,
}
