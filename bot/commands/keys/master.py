"""`integra keys rotate-master`: a new master key for the bot."""

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json
from bot.commands.within import within
from bot.installation import Installation
from storage import audit, rotation
from storage.custody import FileKeys, provider


def rotate_master(data: Data, as_json: AsJson = False) -> None:
    """Change the master key and seal everything of the bot's own anew. Stop the assistant first; safe to repeat."""
    installation = Installation.at(data)
    if not isinstance(provider(installation.folder / "keys"), FileKeys):
        raise Refusal(
            "the master key comes from a systemd credential: put it back as keys/master.key, rotate without the"
            " service's environment, and encrypt the new file with systemd-creds"
        )
    said = 0

    def progress(count: int) -> None:
        nonlocal said
        if not as_json and count - said >= 10_000:
            said = count
            out(f"{count} sealed columns done")

    count = rotation.rotate(installation.folder, progress=progress)
    within(data, lambda tx: audit.record(tx, "master.rotated", at=system_clock(), reason="access"))
    if as_json:
        out_json({"sealed_anew": count})
        return
    out(f"The master key is new; {count} sealed columns are sealed under new keys.")
    out("Make a backup of the folder keys/ now. Backups of before need the keys of before.")
