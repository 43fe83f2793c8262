"""`integra keys`: make keys, say on an agency's desk who receives its notes, take keys off, recover what was lost."""

import typer

from bot.commands.keys import desk, leave, make, master, release, rewrap, shares, show

keys = typer.Typer(help="Keys that open notes, and the desk they stand on.", no_args_is_help=True)

keys.command("make")(make.make)
keys.command("show")(show.show)
keys.command("list")(desk.list_)
keys.command("add-recipient")(desk.add_recipient)
keys.command("rotate")(leave.rotate)
keys.command("revoke")(leave.revoke)
keys.command("release")(release.release)
keys.command("rewrap")(rewrap.rewrap)
keys.command("rotate-master")(master.rotate_master)
keys.command("split")(shares.split)
keys.command("combine")(shares.combine)
