"""Side by side with the official package and the bare socket: same payloads, same server, same run, pinned cores."""
