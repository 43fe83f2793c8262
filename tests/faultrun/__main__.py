"""``python tests/faultrun``: runs by hand, with the tables of docs/figures.md.

    python tests/faultrun --dialogues 200 --seed 7              every client, by polling and by webhook
    python tests/faultrun --mode webhook --kills 40             the process, killed at random moments
    python tests/faultrun --engine postgres                     on a private server
    python tests/faultrun --stock                               a bot as tutorials write it, beside ours

Exits with 1 when a dialogue of ours failed.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)

import structlog  # noqa: E402
from engines import ENGINES, POSTGRES, SQLITE  # noqa: E402
from postgres_server import Cluster, cluster  # noqa: E402

from bot.channels.registry import CLIENTS  # noqa: E402
from faultrun import stock  # noqa: E402
from faultrun.killed import killed  # noqa: E402
from faultrun.runs import Report, in_this_process, references, trials  # noqa: E402

MODES = {"polling": False, "webhook": True}


async def reports(given: argparse.Namespace, folder: Path, server: Cluster | None) -> AsyncIterator[Report]:
    fresh = trials(folder, server)
    modes = [MODES[given.mode]] if given.mode else list(MODES.values())
    if given.stock:
        for webhook in modes:
            for without in ((), ("unreadable update",)):
                yield await stock.in_this_process(
                    webhook=webhook, count=given.dialogues, seed=given.seed, without=without
                )
    undisturbed = await references(fresh())
    for client in [given.client] if given.client else CLIENTS:
        for webhook in modes:
            if given.kills:
                yield await killed(
                    fresh(),
                    undisturbed,
                    client,
                    webhook=webhook,
                    count=given.dialogues,
                    kills=given.kills,
                    seed=given.seed,
                )
            else:
                yield await in_this_process(
                    fresh(), undisturbed, client, webhook=webhook, count=given.dialogues, seed=given.seed
                )


async def run(given: argparse.Namespace) -> bool:
    found: list[Report] = []
    on = cluster() if given.engine == POSTGRES else nullcontext()
    with tempfile.TemporaryDirectory() as folder, on as server:
        async for report in reports(given, Path(folder), server):
            found.append(report)
            print(f"{report.title}: {report.passed} of {report.dialogues}", file=sys.stderr)
            for who, wrong in report.wrong.items():
                print(f"  {who}: {wrong[0]}" + (f" (and {len(wrong) - 1} more)" if wrong[1:] else ""), file=sys.stderr)
            for odd in report.astray:
                print(f"  {odd}", file=sys.stderr)
    print(table(found))
    return all(report.flawless for report in found if not report.title.startswith("stock"))


def table(found: list[Report]) -> str:
    rows = ["| Run | dialogues | passed | messages | notes | kills | repeats: answer lost | after a kill | left |"]
    rows.append("|---|---|---|---|---|---|---|---|---|")
    for one in found:
        lost, killed_ = one.repeats["answer lost"], one.repeats["killed"]
        rows.append(
            f"| {one.title} | {one.dialogues} | {one.passed} | {one.messages} | {one.notes} | {one.kills} "
            f"| {lost} | {killed_} | {one.stayed} |"
        )
    total: Counter[str] = sum((one.faults for one in found), Counter())
    rows += ["", "| Fault | " + " | ".join(one.title for one in found) + " |", "|---" * (len(found) + 1) + "|"]
    rows += [
        f"| {name} | " + " | ".join(str(one.faults[name]) for one in found) + " |" for name, _ in total.most_common()
    ]
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="faultrun", description="Whole dialogues through mixed faults.")
    parser.add_argument("--dialogues", type=int, default=200)
    parser.add_argument("--client", choices=list(CLIENTS), help="one library; otherwise each")
    parser.add_argument("--mode", choices=list(MODES), help="otherwise both")
    parser.add_argument("--kills", type=int, default=0, help="kill the process so often; 0: the app in this process")
    parser.add_argument("--engine", choices=ENGINES, default=SQLITE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stock", action="store_true", help="compare with a bot as tutorials write it")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")  # the stock bot's library tells of every update that it does not know
    return 0 if asyncio.run(run(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
