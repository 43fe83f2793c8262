"""`integra sync`: deliver sealed notes to case systems. A process of its own with a key of its own."""

import typer

from bot.commands.sync import acts, check, keys, once, reconcile, run, status, webhook

sync = typer.Typer(help="Hand-over to case systems.", no_args_is_help=True)

sync.command("run")(run.run)
sync.command("once")(once.once)
sync.command("status")(status.status)
sync.command("check")(check.check)
sync.command("reconcile")(reconcile.reconcile)
sync.command("confirm")(acts.confirm)
sync.command("pause")(acts.pause)
sync.command("resume")(acts.resume)
sync.command("retry")(acts.retry)
sync.command("give-up")(acts.give_up)
sync.command("resend")(acts.resend)
sync.command("public-key")(keys.public_key)
sync.command("importer")(keys.importer)
sync.command("webhook-key")(webhook.webhook_key)
sync.command("receiver")(webhook.receiver)
