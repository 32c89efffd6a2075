"""Videos: from the queue to a film that can be read, made of other videos, expired, deleted, failed, taken up again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families.video import KEPT_SECONDS
from antiphon.emulator.media import clip, jpeg, png
from antiphon.emulator.media.painting import Style, paint
from antiphon.emulator.media.probe import image_kind, image_size

SLOW = 100.0
pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture
def running() -> Iterator[Emulator]:
    with Emulator(Setting(background_seconds=SLOW)) as server:
        yield server


@pytest.fixture
def own(running: Emulator) -> Iterator[Any]:
    with openai.OpenAI(base_url=running.base_url, api_key="k", max_retries=0) as client:
        yield client


def finished(running: Emulator, own: Any, video: Any) -> Any:
    running.app.world.skew += SLOW
    return own.videos.retrieve(video.id)


def film(own: Any, video: Any, **more: Any) -> bytes:
    return own.videos.download_content(video.id, **more).content


def sent(own: Any, path: str, **body: Any) -> Any:
    """As JSON: the package refuses references that are no files before it sends them."""
    return own.post(f"/videos{path}", cast_to=openai.types.Video, body=body)


@pytest.mark.operation("videos.create", "videos.retrieve", "videos.download_content")
def test_life(running: Emulator, own: Any) -> None:
    made = own.videos.create(prompt="a kite", seconds="8", size="1280x720")
    assert (made.status, made.progress, made.model, made.seconds, made.size) == ("queued", 0, "sora-2", "8", "1280x720")
    assert (made.completed_at, made.expires_at, made.error, made.prompt) == (None, None, None, "a kite")
    with pytest.raises(openai.BadRequestError, match="not ready"):
        film(own, made)
    progress = list[tuple[str, int]]()
    now = made
    for _ in range(5):
        running.app.world.skew += SLOW / 5
        now = own.videos.retrieve(made.id)
        progress.append((now.status, now.progress))
    assert progress == [("in_progress", n) for n in (0, 25, 50, 75)] + [("completed", 100)]
    assert now.completed_at is not None
    assert now.expires_at == now.completed_at + KEPT_SECONDS
    data = film(own, made)
    assert clip.shape(data) == (1280, 720, 8.0)
    pictures = clip.samples(data)
    assert len(set(pictures)) == len(pictures) == 16
    assert {image_size(picture) for picture in pictures} == {(1280, 720)}
    assert pictures[4] == jpeg.encode(paint("a kite", 1280, 720, Style(shapes=10, phase=0.25)), 70)
    assert len(data) < 600_000
    assert film(own, made) == data
    assert (image_kind(film(own, made, variant="thumbnail")), image_kind(film(own, made, variant="spritesheet"))) == (
        "webp",
        "jpeg",
    )
    assert image_size(film(own, made, variant="spritesheet")) == (1280, 720)
    running.app.world.skew += KEPT_SECONDS + 1
    with pytest.raises(openai.NotFoundError, match="expired"):
        film(own, made)


@pytest.mark.operation("videos.create", "videos.retrieve")
def test_unsafe_prompts_fail(running: Emulator, own: Any) -> None:
    made = own.videos.create(prompt="I will kill you and murder your family")
    now = finished(running, own, made)
    assert (now.status, now.error.code) == ("failed", "moderation_blocked")
    with pytest.raises(openai.BadRequestError, match="failed"):
        film(own, made)
    with pytest.raises(openai.BadRequestError, match="failed"):
        own.videos.remix(made.id, prompt="x")


@pytest.mark.operation("videos.remix", "videos.edit", "videos.extend")
def test_out_of_others(running: Emulator, own: Any) -> None:
    source = own.videos.create(prompt="day", model="sora-2-pro", size="1024x1792")
    for early in (
        lambda: own.videos.remix(source.id, prompt="night"),
        lambda: sent(own, "/edits", video={"id": source.id}, prompt="night"),
        lambda: sent(own, "/extensions", video={"id": source.id}, prompt="night", seconds="4"),
    ):
        with pytest.raises(openai.BadRequestError, match="completed"):
            early()
    finished(running, own, source)
    remixed = own.videos.remix(source.id, prompt="night")
    assert (remixed.remixed_from_video_id, remixed.size, remixed.model) == (source.id, "1024x1792", "sora-2-pro")
    edited = sent(own, "/edits", video={"id": source.id}, prompt="dusk")
    assert (edited.prompt, edited.seconds) == ("dusk", "4")
    longer = sent(own, "/extensions", video={"id": source.id}, prompt="night", seconds="12")
    assert (longer.seconds, longer.prompt) == ("16", "night")
    finished(running, own, longer)
    before, after = clip.samples(film(own, source)), clip.samples(film(own, longer))
    assert clip.shape(film(own, longer))[2] == 16.0
    assert (after[0], after[2]) == (before[0], before[4])
    assert after[4] == clip.samples(film(own, remixed))[0]
    again = own.videos.edit(video=("own.mp4", film(own, longer)), prompt="own")
    assert (again.seconds, again.size, again.remixed_from_video_id) == ("16", "1024x1792", None)
    with pytest.raises(openai.NotFoundError):
        sent(own, "/edits", video={"id": "video_none"}, prompt="x")
    with pytest.raises(openai.BadRequestError):
        own.videos.edit(video=("x.mp4", b"no film"), prompt="x")


@pytest.mark.operation("videos.list", "videos.delete")
def test_list_and_delete(running: Emulator, own: Any, caplog: pytest.LogCaptureFixture) -> None:
    ids = [own.videos.create(prompt=f"n {n}").id for n in range(4)]
    assert [item.id for item in own.videos.list(limit=3)] == ids[::-1]
    page = own.videos.list(limit=2, order="asc", after=ids[0])
    assert ([item.id for item in page.data], page.has_more) == (ids[1:3], True)
    assert all("scenes" not in (item.model_extra or {}) for item in page.data)
    gone = own.videos.delete(ids[0])
    assert (gone.id, gone.deleted, gone.object) == (ids[0], True, "video.deleted")
    finished(running, own, own.videos.retrieve(ids[1]))
    assert not caplog.records, "the job of a deleted video ends in silence"
    for variant in ("video", "thumbnail"):
        film(own, own.videos.retrieve(ids[1]), variant=variant)
    folder = running.app.world.folder()
    assert len(list(folder.iterdir())) == 2
    own.videos.delete(ids[1])
    assert list(folder.iterdir()) == []
    for wanted in ids[:2]:
        with pytest.raises(openai.NotFoundError):
            own.videos.retrieve(wanted)
        with pytest.raises(openai.NotFoundError):
            own.videos.delete(wanted)


@pytest.mark.operation("videos.create_character", "videos.get_character")
def test_characters(own: Any) -> None:
    data = clip.encode([jpeg.encode(paint("me", 720, 1280))], 720, 1280, 4)
    made = own.videos.create_character(name="Mo", video=("me.mp4", data))
    assert made.id
    assert own.videos.get_character(made.id).model_dump() == made.model_dump()
    assert made.name == "Mo"
    with pytest.raises(openai.NotFoundError):
        own.videos.get_character("char_none")
    for more in ({"name": " "}, {"video": ("x.mp4", b"no film")}):
        asked: Any = {"name": "Mo", "video": ("me.mp4", data)} | more
        with pytest.raises(openai.BadRequestError):
            own.videos.create_character(**asked)


@pytest.mark.operation("videos.create")
def test_references(own: Any) -> None:
    def refused(param: str, **more: Any) -> None:
        with pytest.raises(openai.APIStatusError) as caught:
            own.videos.create(**{"prompt": "x"} | more)
        assert caught.value.param == param

    right, wrong = io.BytesIO(png.encode(paint("r", 720, 1280))), png.encode(paint("r", 64, 64))
    assert own.videos.create(prompt="x", input_reference=("r.png", right)).status == "queued"
    refused("input_reference", input_reference=("r.png", wrong))
    refused("input_reference", input_reference=("r.png", b"text"))
    for reference, param in (({"file_id": "file-none"}, "input_reference.file_id"), ({}, "input_reference")):
        with pytest.raises(openai.APIStatusError) as caught:
            sent(own, "", prompt="x", input_reference=reference)
        assert caught.value.param == param  # type: ignore[attr-defined]
    refused("prompt", prompt=" ")
    refused("model", model="gpt-4o")
    refused("size", size="1024x1792")
    refused("seconds", seconds="5")


@pytest.mark.operation("videos.create", "videos.download_content")
def test_goes_on_after_a_restart(tmp_path: Path) -> None:
    setting = Setting(data=tmp_path, background_seconds=SLOW)
    client: Any
    with Emulator(setting) as server, openai.OpenAI(base_url=server.base_url, api_key="k") as client:
        made = client.videos.create(prompt="again")
        server.app.world.skew += SLOW / 2
        assert client.videos.retrieve(made.id).status == "in_progress"
    with Emulator(setting) as server, openai.OpenAI(base_url=server.base_url, api_key="k") as client:
        assert client.videos.retrieve(made.id).status == "in_progress"
        server.app.world.skew += SLOW
        assert client.videos.retrieve(made.id).status == "completed"
        assert clip.shape(film(client, made))[2] == 4.0


@pytest.mark.operation("videos.create")
def test_poll(client: Any) -> None:
    """The client's own helper sees the job end in real time."""
    assert client.videos.create_and_poll(prompt="soon", poll_interval_ms=50).status == "completed"
