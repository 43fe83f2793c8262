"""``python -m fake_telegram``: the server in a process of its own, steered over HTTP.

    curl -X POST localhost:8081/control/load -d '{"chats": 100, "turns": 20, "texts": ["hello"]}'

answers with counts and latencies when the load is over; with ``"wait": false`` at once, and
``GET /control/load`` tells how far it is. The parameters are those of `load.Load`.
"""

import argparse
import asyncio
import contextlib
import gc

from .server import TOKEN, FakeTelegram


async def serve(arguments: argparse.Namespace) -> None:
    async with FakeTelegram(
        token=arguments.token, port=arguments.port, history=not arguments.bench, pace=arguments.pace
    ) as telegram:
        print(f"url={telegram.url} token={telegram.token}", flush=True)
        gc.collect()
        gc.freeze()
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="fake_telegram", description="A Bot API server on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--pace", type=float, default=1.0, help="real seconds a second of backoff takes")
    parser.add_argument("--bench", action="store_true", help="keep no history; the checks stay")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
