"""The modest reply is made from the prompt."""

from __future__ import annotations

from antiphon.emulator.brain.summary import keywords, reply, summarise


def test_keywords_are_the_carrying_words() -> None:
    assert keywords("The whale and the sea. The whale dives.", 2) == ["whale", "sea"]
    assert keywords("it is the of") == []


def test_summary_keeps_the_order_and_the_best() -> None:
    text = "Nothing much. Whales are large whales. It rained. The whales sing, whales dive."
    assert summarise(text, 2) == "Whales are large whales. The whales sing, whales dive."
    assert summarise("Short.", 2) == "Short."


def test_replies_depend_on_the_prompt() -> None:
    replies = {
        reply(text, 0) for text in ("Tell me of whales", "Tell me of bread", "What about whales?", "ok", "", "Hello!")
    }
    assert len(replies) == 6
    assert "whales" in reply("Tell me of whales", 0)
    assert reply("Tell me of whales", 0) != reply("Tell me of whales", 1)
    assert reply("whale " * 60 + "sings.", 0).startswith("In short: ")
