"""Judgement: what to do about a reply or a failure. Flows over effects, machines of pure arithmetic; no clock, no sleep, no random."""
