"""What kinds of events came."""


def types_of(events):
    return [item.type for item in events]
