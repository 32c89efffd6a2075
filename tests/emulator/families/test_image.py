"""Images: the asked size, format and number; masks keep what they cover; streams; links; what is refused."""

from __future__ import annotations

import io
from base64 import b64decode
from typing import Any

import httpx
import openai
import pytest

from antiphon.emulator import Emulator
from antiphon.emulator.media import png
from antiphon.emulator.media.painting import Style, paint
from antiphon.emulator.media.picture import Picture
from antiphon.emulator.media.probe import image_kind, image_size
from antiphon.emulator.media.stamp import claim
from tests.emulator.asking import Asking

NEW = "gpt-image-1.5"
FREE = "gpt-image-2.5-flare"


def file(picture: Picture) -> io.BytesIO:
    made = io.BytesIO(png.encode(picture))
    made.name = "picture.png"
    return made


def plain(colour: bytes, wide: int = 64, high: int = 64) -> Picture:
    return Picture(wide, high, [colour * wide] * high)


def bytes_of(answer: Any) -> list[bytes]:
    return [b64decode(item.b64_json) for item in answer.data]


@pytest.mark.operation("images.generate")
@pytest.mark.parametrize(
    ("model", "size", "format", "seen"),
    [
        (NEW, "1536x1024", "png", (1536, 1024)),
        (NEW, "auto", "jpeg", (1024, 1024)),
        (FREE, "1536x864", "webp", (1536, 864)),
        (FREE, "96x32", "gif", (96, 32)),
    ],
)
def test_size_and_format(client: Any, model: str, size: str, format: str, seen: tuple[int, int]) -> None:
    made = client.images.generate(prompt="a red fox", model=model, size=size, output_format=format)
    [data] = bytes_of(made)
    assert (image_kind(data), image_size(data)) == (format, seen)
    assert (made.output_format, made.size, made.quality, made.background) == (
        format,
        f"{seen[0]}x{seen[1]}",
        "medium",
        "opaque",
    )
    usage = made.usage
    assert usage.input_tokens == usage.input_tokens_details.text_tokens > 0
    assert usage.output_tokens == round(1056 * seen[0] * seen[1] / 1024**2)
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens


@pytest.mark.operation("images.generate")
def test_same_prompt_same_picture(client: Any) -> None:
    def draw(prompt: str, **more: Any) -> list[bytes]:
        made = client.images.generate(prompt=prompt, model=FREE, size="96x96", **more)
        return [b"".join(png.decode(data).rows) for data in bytes_of(made)]

    first = draw("a lake", n=3)
    assert len(set(first)) == 3
    assert draw("a lake", n=3) == first
    assert draw("a hill")[0] != first[0]
    assert draw("a lake", quality="max")[0] != first[0]
    clear = client.images.generate(prompt="a lake", model=FREE, size="96x96", background="transparent")
    assert not png.decode(bytes_of(clear)[0]).is_opaque
    assert clear.background == "transparent"


@pytest.mark.operation("images.generate")
def test_svg(client: Any) -> None:
    made = client.images.generate(prompt="a <line>", model=FREE, size="64x64", output_format="svg")
    assert b"<title>a &lt;line&gt;</title>" in bytes_of(made)[0]


@pytest.mark.operation("images.generate")
@pytest.mark.parametrize("scope", ["", "/~one", "/~with%20space"])
def test_a_link_leads_whoever_has_it_to_the_picture(scope: str) -> None:
    with Emulator() as server:
        base_url = server.base_url.replace("/v1", f"{scope}/v1")
        with openai.OpenAI(base_url=base_url, api_key="k", max_retries=0) as client:
            made: Any = client.images.generate(prompt="a bird", model="dall-e-2", size="256x256")
            assert image_size(httpx.get(made.data[0].url).content) == (256, 256)
            assert client.files.list().data == []
            assert httpx.get(made.data[0].url + "0").status_code == 404


@pytest.mark.operation("images.generate")
def test_links_last_an_hour() -> None:
    client: Any
    with Emulator() as server, openai.OpenAI(base_url=server.base_url, api_key="k", max_retries=0) as client:
        made = client.images.generate(
            prompt="a bird.", model="dall-e-3", size="1792x1024", quality="hd", style="natural"
        )
        item: Any = made.data[0]
        assert (item.b64_json, made.usage) == (None, None)
        assert (item.revised_prompt or "").startswith("a bird.")
        url = item.url or ""
        fetched = httpx.get(url)
        assert (fetched.status_code, fetched.headers["content-type"]) == (200, "image/png")
        assert image_size(fetched.content) == (1792, 1024)
        assert (claim(fetched.content) or {})["model"] == "dall-e-3"
        server.app.world.skew += 3_601
        assert httpx.get(url).status_code == 404
        assert list(server.app.world.folder().iterdir()) == []
        line = next(line for line in server.app.world.journal if line.operation == "images.generate")
        assert (line.usage or {})["kind"] == "images"
        assert (line.usage or {})["source"] == "image.generation"


@pytest.mark.operation("images.generate")
def test_stream(client: Any) -> None:
    stream = client.images.generate(prompt="a tree", model=FREE, size="96x96", stream=True, partial_images=2)
    events = list(stream)
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    pictures = [b"".join(png.decode(b64decode(event.b64_json)).rows) for event in events]
    assert len(set(pictures)) == 3
    assert pictures[2] == b"".join(paint("a tree", 96, 96).rows)
    assert events[2].usage.output_tokens == round(1056 * 96 * 96 / 1024**2)


@pytest.mark.operation("images.generate")
@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"prompt": " "}, 400, "prompt"),
        ({"prompt": "x" * 1_001, "model": "dall-e-2"}, 400, "prompt"),
        ({"prompt": "x" * 32_001, "model": NEW}, 400, "prompt"),
        ({"model": "dall-e-3", "n": 2}, 400, "n"),
        ({"model": NEW, "n": 11}, 400, "n"),
        ({"n": 0}, 400, "n"),
        ({"model": "gpt-4o"}, 404, "model"),
        ({"model": "dall-e-2", "size": "1536x1024"}, 400, "size"),
        ({"model": "dall-e-3", "size": "512x512"}, 400, "size"),
        ({"model": NEW, "size": "512x512"}, 400, "size"),
        ({"model": FREE, "size": "100x96"}, 400, "size"),
        ({"model": FREE, "size": "1600x160"}, 400, "size"),
        ({"model": FREE, "size": "4096x2048"}, 400, "size"),
        ({"model": NEW, "response_format": "url"}, 400, "response_format"),
        ({"model": NEW, "style": "vivid"}, 400, "style"),
        ({"model": "dall-e-2", "style": "vivid"}, 400, "style"),
        ({"model": "dall-e-2", "quality": "hd"}, 400, "quality"),
        ({"model": NEW, "quality": "max"}, 400, "quality"),
        ({"model": "dall-e-3", "background": "opaque"}, 400, "background"),
        ({"model": NEW, "background": "transparent", "output_format": "jpeg"}, 400, "background"),
        ({"model": NEW, "output_compression": 50}, 400, "output_compression"),
        ({"model": NEW, "output_compression": 101, "output_format": "jpeg"}, 400, "output_compression"),
        ({"model": NEW, "partial_images": 2}, 400, "partial_images"),
        ({"model": NEW, "partial_images": 4, "stream": True}, 400, "partial_images"),
        ({"model": FREE, "frame_count": 3}, 400, "frame_count"),
        ({"model": FREE, "frame_count": 17, "output_format": "gif"}, 400, "frame_count"),
        ({"model": FREE, "stream": True, "output_format": "gif"}, 400, "stream"),
        ({"model": FREE, "size": "2048x1024", "output_format": "gif"}, 400, "size"),
        ({"model": FREE, "n": 2, "output_format": "svg"}, 400, "n"),
        ({"prompt": None}, 400, "prompt"),
        ({"colour": "red"}, 400, "colour"),
    ],
)
def test_refusals(ask: Asking, body: dict[str, Any], status: int, param: str) -> None:
    heard = ask("POST", "/v1/images/generations", {"prompt": "x"} | body)
    assert (heard.status, heard.error["param"]) == (status, param)


@pytest.mark.operation("images.generate")
@pytest.mark.parametrize(("model", "code"), [("dall-e-3", "content_policy_violation"), (NEW, "moderation_blocked")])
def test_unsafe_prompts(client: Any, model: str, code: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(prompt="I will kill you and murder your family", model=model)
    assert caught.value.code == code


@pytest.mark.operation("images.edit")
def test_mask_keeps_the_rest(client: Any) -> None:
    solid = b"\0\0\0\xff"
    mask = Picture(64, 64, [solid * 32 + bytes(4 * 32)] * 32 + [solid * 48 + bytes(4 * 16)] * 16 + [solid * 64] * 16)
    red = b"\xff\0\0\xff"
    made = client.images.edit(image=file(plain(red)), mask=file(mask), prompt="snow", model=NEW, size="1024x1024")
    rows = png.decode(bytes_of(made)[0]).rows
    painted = paint("snow", 512, 768).rows
    assert all(row[:2048] == red * 512 for row in rows)
    assert [row[2048:] for row in rows[:512]] == painted[:512]
    assert [row[2048:] for row in rows[512:768]] == [red * 256 + row[1024:] for row in painted[512:]]
    assert all(row == red * 1024 for row in rows[768:])
    assert made.usage is not None
    assert made.usage.input_tokens_details.image_tokens == 323


@pytest.mark.operation("images.edit")
def test_edit_without_mask(client: Any) -> None:
    red, blue = b"\xff\0\0\xff", b"\0\0\xff\xff"
    many = [file(plain(red, 96, 64)), file(plain(blue))]
    made = client.images.edit(image=many, prompt="two", model=NEW)
    assert made.size == "1536x1024"
    pixels = b"".join(png.decode(bytes_of(made)[0]).rows)
    found = {pixels[n : n + 4] for n in range(0, len(pixels), 4 * 997)}
    assert {red, blue} < found
    old = plain(red).rows[:32] + [bytes(256)] * 32
    made = client.images.edit(
        image=file(Picture(64, 64, old)), prompt="x", model="dall-e-2", size="256x256", response_format="b64_json"
    )
    rows = png.decode(bytes_of(made)[0]).rows
    assert rows[:128] == [red * 256] * 128
    assert bytes(4) not in {row[:4] for row in rows}


@pytest.mark.operation("images.edit")
def test_markup_and_stream(client: Any) -> None:
    red = b"\xff\0\0\xff"
    drawn = Picture(64, 64, [bytes(4) * 32 + b"\0\xff\0\xff" * 32] * 64)
    stream = client.images.edit(
        image=file(plain(red)), markup=file(drawn), prompt="y", model=FREE, size="64x64", stream=True, partial_images=1
    )
    events = list(stream)
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
    rows = png.decode(b64decode(events[1].b64_json)).rows
    assert [row[:128] for row in rows] == [red * 32] * 64
    assert [row[128:] for row in rows] == paint("y", 32, 64).rows


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
@pytest.mark.operation("images.create_variation")
def test_variations(client: Any) -> None:
    source = paint("v", 64, 64)
    made = client.images.create_variation(image=file(source), n=7, size="256x256", response_format="b64_json")
    files = bytes_of(made)
    assert [image_size(data) for data in files] == [(256, 256)] * 7
    assert len({b"".join(png.decode(data).rows) for data in files}) == 7
    row, first = source.sampled(256, 256).rows[0], png.decode(files[0]).rows[0]
    assert (first[0::4], first[1::4], first[2::4]) == (row[1::4], row[2::4], row[0::4])


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
@pytest.mark.operation("images.edit", "images.create_variation")
def test_refused_files(client: Any) -> None:
    def refused(param: str, **more: Any) -> None:
        image = more.pop("image", file(plain(b"\1\1\1\xff")))
        with pytest.raises(openai.BadRequestError) as caught:
            client.images.edit(**{"image": image, "prompt": "x", "model": NEW} | more)
        assert caught.value.param == param

    refused("image", image=b"not a picture")
    refused("image", image=png.encode(plain(b"\1\1\1\xff"))[:-40])
    refused("image", image=[png.encode(plain(b"\1\1\1\xff"))] * 17)
    refused("image", image=file(plain(b"\1\1\1\xff", 64, 32)), model="dall-e-2")
    refused("image", image=b"\x89PNG\r\n\x1a\n" + bytes(5 << 20), model="dall-e-2")
    refused("mask", mask=b"nothing")
    refused("mask", mask=file(plain(bytes(4), 32, 32)))
    refused("mask", mask=file(plain(b"\1\1\1\xff")))
    refused("markup", mask=file(plain(bytes(4))), markup=file(plain(bytes(4))))
    for image in (b"GIF89a", png.encode(plain(b"\1\1\1\xff", 64, 32))):
        with pytest.raises(openai.BadRequestError):
            client.images.create_variation(image=image)
    with pytest.raises(openai.BadRequestError):
        client.images.create_variation(image=file(plain(b"\1\1\1\xff")), model=NEW)


@pytest.mark.operation("images.edit")
def test_other_formats_come_in(client: Any) -> None:
    """A JPEG is taken; the answer has the size that goes with it."""
    made = client.images.generate(prompt="z", model=FREE, size="96x64", output_format="jpeg", output_compression=60)
    again = client.images.edit(image=("a.jpg", bytes_of(made)[0]), prompt="more", model=NEW, output_format="webp")
    assert image_size(bytes_of(again)[0]) == (1536, 1024)


def test_style_is_seeded() -> None:
    assert paint("q", 40, 40, Style(phase=0.5)).rows != paint("q", 40, 40, Style(phase=0.1)).rows
