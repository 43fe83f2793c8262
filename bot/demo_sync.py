"""The agency's side of the demo: notes are handed over to the case system, and its folder is looked into."""

from bot import sync_wiring
from bot.clock import MovableClock
from bot.demo import opening_key
from bot.trial import AGENCY, Trial
from storage import deliveries
from storage.sync.dropreader import read_drop
from storage.sync.own_keys import signing_key
from storage.sync.queue import at_seconds
from storage.sync.registry import read_destinations
from storage.sync.worker import run_until_done


async def handed_over(trial: Trial, clock: MovableClock) -> str:
    """What `integra sync once` does, and what the case system then holds."""
    key = opening_key(trial.case_system_key)
    parts = sync_wiring.build(
        trial.installation,
        read_destinations(trial.destinations),
        trial.case_system_key,
        operator="case-system",
        now=at_seconds(clock),
    )
    try:
        (worker,) = parts.workers
        sync_wiring.register(parts.store, worker.settings, now=worker.now)
        step = await run_until_done(worker)
        held = await parts.store.run(lambda tx: deliveries.held(tx, AGENCY))
    finally:
        await parts.close()
    lines = [f"(integra sync once: {step.done} delivered, {held} may still be undone)"]
    lines += [f"  {path.name}  {path.stat().st_size} bytes" for path in sorted(trial.drop.iterdir())]
    if step.done:
        events = read_drop(trial.drop, trial.age_identity.read_text().strip(), signing_key(key).public)
        lines.append(f"(the agency's importer opens the newest of {len(events)}:)")
        newest = events[-1]["data"]
        lines += [f"  {name}: {_brief(value)}" for name, value in newest.items() if value not in (None, "", [])]
    elif not held:
        lines.append("  Nothing waits. A note can be handed over two minutes after logging: /wait 3m")
    return "\n".join(lines)


def _brief(value: object) -> object:
    """As it is; of attachments all but their bytes."""
    if not isinstance(value, list):
        return value
    return [{name: part for name, part in one.items() if name != "content"} for one in value]
