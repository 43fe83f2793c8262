"""A Bot API server for tests, on loopback, as strict as the real one, with people to talk to the bot.

    async with FakeTelegram() as telegram:
        robin = telegram.person(1001)
        robin.writes("hello")
        await robin.hears("Good morning")
        robin.presses("Yes")

``python -m fake_telegram --port 8081 --bench`` runs it in a process of its own for benchmarks.
"""

from .chats import Attached, Button, Chat, Message, Person, Shown
from .faults import Fault, Flood, Gate
from .limits import Refused
from .server import TOKEN, Call, FakeTelegram, Press

__all__ = [
    "TOKEN",
    "Attached",
    "Button",
    "Call",
    "Chat",
    "FakeTelegram",
    "Fault",
    "Flood",
    "Gate",
    "Message",
    "Person",
    "Press",
    "Refused",
    "Shown",
]
