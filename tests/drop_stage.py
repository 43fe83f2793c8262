"""The file drop's stage for the conformance suite: a real folder, and an importer that reads and acknowledges."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from conformance import Stage
from handover_site import DropSite


@asynccontextmanager
async def file_drop(folder: Path) -> AsyncIterator[Stage]:
    site = DropSite(folder)
    away = site.root.with_name("away")

    async def settle() -> None:
        site.acknowledge()

    async def records() -> Sequence[str]:
        return sorted(site.imported)

    async def down(is_down: bool) -> None:
        if is_down:
            site.root.rename(away)
        else:
            away.rename(site.root)

    try:
        yield Stage(site.drop(), settle, records, down)
    finally:
        site.close()
