"""The emulator in the foreground: reads options, prints where it listens, stops on Ctrl-C.

`antiphon serve` and `python -m antiphon.emulator` are both this. What is heavy is imported after the options are right.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="antiphon serve", description="Run the local emulator of the API.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    add("--port", type=_port, default=8080, help="port to listen on; 0 takes a free one (default: 8080)")
    add("--data", type=Path, metavar="DIR", help="folder for file bytes (default: a temporary one)")
    add("--api-key", action="append", default=[], metavar="KEY", help="accept only this key (may be repeated)")
    add("--seed", type=int, default=0, metavar="N", help="seed of ids and answers (default: 0)")
    add("--model", action="append", default=[], metavar="NAME", help="know this model too (may be repeated)")
    add("--rpm", type=_positive, default=1_000_000, metavar="N", help="requests a minute for each key and model")
    add("--tpm", type=_positive, default=1_000_000_000, metavar="N", help="tokens a minute for each key and model")
    flag = argparse.BooleanOptionalAction
    add("--faults", action=flag, help="obey the X-Antiphon-Fault header (default: unless --allow-remote)")
    add("--allow-remote", action="store_true", help="allow other hosts; needs --api-key")
    return parser


def main(arguments: list[str]) -> int:
    """Serve until stopped; 0 after a clean stop, 1 when the server cannot start, 2 for wrong options."""
    reading = parser()
    options = reading.parse_args(arguments)
    if options.host not in LOOPBACK and not options.allow_remote:
        reading.error(f"--host {options.host} is reachable from elsewhere: add --allow-remote if that is wanted")
    if options.allow_remote and not options.api_key:
        reading.error("--allow-remote needs at least one --api-key")
    from .server import EmulatorUnavailable

    try:
        return _serve(options)
    except (EmulatorUnavailable, OSError) as error:
        print(f"antiphon serve: {error}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace) -> int:
    from .app import EmulatorApp
    from .server import address, listen, make, serve
    from .setting import Setting

    setting = Setting(
        data=options.data,
        api_keys=tuple(options.api_key),
        seed=options.seed,
        models=tuple(options.model),
        requests_per_minute=options.rpm,
        tokens_per_minute=options.tpm,
        faults=not options.allow_remote if options.faults is None else options.faults,
        allow_remote=options.allow_remote,
    )
    app = EmulatorApp(setting)
    server = make(app)
    sock = listen(options.host, options.port)
    url = address(sock)
    shown = "one of the keys given" if setting.api_keys else "sk-local"
    print(f"antiphon emulator on {url}\n")
    print(f"  export OPENAI_BASE_URL={url}\n  export OPENAI_API_KEY={shown!r}\n")
    print("Ctrl-C stops it.", flush=True)
    serve(server, sock, app)
    return 0


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)
