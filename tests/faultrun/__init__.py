"""Whole dialogues through mixed faults, and a checker that reads only what Telegram shows and what the database keeps.

    weather.py      which request meets which fault, by a seed
    phone.py        one person: reads the screen, goes on when the expected message is there
    scripts.py      the dialogues
    checker.py      nothing lost, nothing swapped, no repeat without an excuse; knows nothing of the bot
    runs.py         the app in this process, by polling and by webhook
    killed.py       `integra run` as a process, killed at random moments
    stock.py        a bot as tutorials write it, for comparison

``python tests/faultrun --help`` runs it by hand.
"""
