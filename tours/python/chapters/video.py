"""Videos: a job that ends in a film, films out of others, characters, expiry."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    videos = t.client.videos
    made = videos.create(prompt="a kite", seconds="4", size="1280x720")
    t.same((made.status, made.progress, made.seconds, made.size), ("queued", 0, "4", "1280x720"))
    t.refused(openai.BadRequestError, videos.download_content, made.id)
    done = videos.poll(made.id, poll_interval_ms=50)
    t.same((done.status, done.progress), ("completed", 100))
    film = videos.download_content(made.id).content
    t.same(film[4:8], b"ftyp")
    t.true(videos.download_content(made.id, variant="thumbnail").content.startswith(b"RIFF"))
    t.true(videos.download_content(made.id, variant="spritesheet").content.startswith(b"\xff\xd8\xff"))
    remixed = videos.remix(made.id, prompt="night")
    t.same((remixed.remixed_from_video_id, remixed.size), (made.id, "1280x720"))
    edited = videos.edit(video=("own.mp4", film), prompt="dusk")
    longer = videos.extend(video=("own.mp4", film), prompt="more", seconds="8")
    t.same((edited.seconds, longer.seconds), ("4", "12"))
    t.same(_done(t, longer).status, "completed")
    t.same(videos.create_and_poll(prompt="soon", poll_interval_ms=50).status, "completed")
    unsafe = _done(t, videos.create(prompt="I will kill you and murder your family"))
    t.same((unsafe.status, unsafe.error.code), ("failed", "moderation_blocked"))
    character = videos.create_character(name="Mo", video=("me.mp4", film))
    t.same((videos.get_character(character.id).name, character.name), ("Mo", "Mo"))
    t.true({made.id, remixed.id, edited.id} <= {video.id for video in videos.list(limit=2)})
    t.same(videos.delete(remixed.id).deleted, True)
    t.gone(videos.retrieve, remixed.id)
    t.house.wait(done.expires_at - done.completed_at + 1)
    t.gone(videos.download_content, made.id)


def _done(t: Tour, video: Any) -> Any:
    return t.client.videos.poll(video.id, poll_interval_ms=50)
