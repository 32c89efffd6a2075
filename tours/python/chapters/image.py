"""Images: the asked size and format, several, streamed, edited with a mask, varied; and known again as made here."""

from __future__ import annotations

from base64 import b64decode
from typing import Any
from urllib.request import urlopen

import openai

from ..picture import CLEAR, KINDS, png, size
from ..tour import Tour

NEW, FREE = "gpt-image-1.5", "gpt-image-2.5-flare"


def walk(t: Tour) -> None:
    """The chapter."""
    _generated(t)
    _streamed(t)
    _edited(t)
    _provenance(t)
    _refused(t)


def _data(made: Any) -> list[bytes]:
    return [b64decode(item.b64_json) for item in made.data]


def _generated(t: Tour) -> None:
    generate = t.client.images.generate
    made = generate(prompt="a red fox", model=NEW, size="1536x1024")
    t.same((size(_data(made)[0]), made.size, made.output_format), ((1536, 1024), "1536x1024", "png"))
    t.same(made.usage.total_tokens, made.usage.input_tokens + made.usage.output_tokens)
    for kind in ("jpeg", "webp", "gif"):
        (data,) = _data(generate(prompt="a lake", model=FREE, size="96x32", output_format=kind))
        t.true(data.startswith(KINDS[kind]))
    three = _data(generate(prompt="a lake", model=FREE, size="96x96", n=3))
    t.same(([size(data) for data in three], len(set(three))), ([(96, 96)] * 3, 3))
    linked = generate(prompt="a bird.", model="dall-e-3", size="1792x1024", quality="hd", style="natural").data[0]
    t.same(linked.b64_json, None)
    with urlopen(linked.url) as picture:  # noqa: S310 - the emulator's own
        t.same(size(picture.read(24)), (1792, 1024))
    t.true(linked.revised_prompt.startswith("a bird."))


def _streamed(t: Tour) -> None:
    events = list(t.client.images.generate(prompt="a tree", model=FREE, size="96x96", stream=True, partial_images=2))
    kinds = ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    t.same([event.type for event in events], kinds)
    t.same(len({event.b64_json for event in events}), 3)


def _edited(t: Tour) -> None:
    images = t.client.images
    sent, mask = ("a.png", png(64, 64)), ("m.png", png(64, 64, CLEAR))
    made = images.edit(image=sent, mask=mask, prompt="snow", model=NEW, size="1024x1024")
    t.same(size(_data(made)[0]), (1024, 1024))
    t.true(made.usage.input_tokens_details.image_tokens > 0)
    many = images.edit(
        image=[sent, ("b.png", png(64, 64, b"\x00\x00\xff\xff"))], prompt="two", model=FREE, size="64x64"
    )
    t.same(size(_data(many)[0]), (64, 64))
    events = list(images.edit(image=sent, prompt="y", model=FREE, size="64x64", stream=True, partial_images=1))
    t.same([event.type for event in events], ["image_edit.partial_image", "image_edit.completed"])
    varied = images.create_variation(image=sent, n=2, size="256x256", response_format="b64_json")
    t.same([size(data) for data in _data(varied)], [(256, 256)] * 2)
    t.same(len(set(_data(varied))), 2)


def _provenance(t: Tour) -> None:
    check = t.client.content_provenance_checks.create
    (data,) = _data(t.client.images.generate(prompt="fox", model=FREE, size="96x96"))
    made = check(file=("fox.png", data)).results[0]
    t.same((made.outcome, made.model), ("detected", FREE))
    t.same(check(file=("own.png", png(32, 32))).results[0].outcome, "not_detected")


def _refused(t: Tour) -> None:
    generate = t.client.images.generate
    t.same(t.refused(openai.BadRequestError, generate, prompt="x", model=NEW, size="512x512").param, "size")
    unsafe = t.refused(openai.BadRequestError, generate, prompt="I will kill you and murder your family", model=NEW)
    t.same(unsafe.code, "moderation_blocked")
    t.refused(openai.BadRequestError, t.client.images.edit, image=("a.png", b"no picture"), prompt="x", model=NEW)
