"""How well and how fast answers are found, on public sets that lie in a folder.

    python tests/bench/finder.py SETS [--encoder] [--split test|valid]

SETS is a folder as tests/bench/finder_sets.py reads it; nothing is downloaded. With ``--encoder`` the optional encoder
is used as well. Prints, as the finder decides with the thresholds it ships with: accuracy with ten phrasings an entry,
what a slip costs, how well questions out of scope are told apart, what becomes of questions typed to real chatbots, a
table of how often each confidence came true, and the time of a question.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import finder_sets as sets

from guidance import encoder as encoders
from guidance.asking import Asking
from guidance.encoder import Encoder
from guidance.finder import Decision, Entry, Finder
from guidance.library import load

BINS: Final = (0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.01)
ANSWERED: Final = 0.95
ROUNDS: Final = 25
"""Times are the best of so many rounds: other work on a machine makes them longer, never shorter."""

Judged = tuple[Decision, frozenset[str]]


def decided(finder: Finder, questions: Sequence[sets.Question]) -> list[Judged]:
    return [(finder.decide(text), right) for text, right in questions]


def right_first(judged: Sequence[Judged]) -> float:
    return 100 * statistics.mean(bool(one.hits) and one.hits[0].id in right for one, right in judged)


def apart(inside: Sequence[float], outside: Sequence[float]) -> tuple[float, float]:
    """AUROC, and the share refused of what is out of scope where 95 % of the rest is answered; both in percent."""
    pairs = sum((one > other) + 0.5 * (one == other) for one in inside for other in outside)
    bound = sorted(inside)[int((1 - ANSWERED) * len(inside))]
    return 100 * pairs / len(inside) / len(outside), 100 * statistics.mean(one < bound for one in outside)


def few_shot(folder: Path, split: str, encoder: Encoder | None) -> Iterator[Judged]:
    print(f"\nten phrasings an entry, {split:6} right   with slips   lost    ms")
    for name in sets.FEW_SHOT:
        finder = sets.built(sets.few_shot(folder, name, "train_10"), encoder)
        questions = sets.few_shot(folder, name, split)
        began = time.process_time()
        judged = decided(finder, questions)
        took = (time.process_time() - began) / len(questions) * 1000
        clean, slips = right_first(judged), right_first(decided(finder, sets.slipped(questions)))
        print(f"  {name:28} {clean:6.1f} {slips:12.1f} {clean - slips:6.1f} {took:6.2f}", flush=True)
        yield from judged
        if name == "CLINC150":
            outside = decided(finder, sets.out_of_scope(folder, name, split))
            auroc, refused = apart([one.confidence for one, _ in judged], [one.confidence for one, _ in outside])
            print(f"    in or out of scope: AUROC {auroc:.1f}, refused while 95 % are answered {refused:.1f} %")
            yield from outside


def wild(folder: Path, encoder: Encoder | None) -> Iterator[Judged]:
    print("\nreal chatbots           right first   wrong answers   right or shown   out of scope answered, offered")
    questions = sets.wild(folder, "test")
    for name, phrasings in sets.wild(folder, "train").items():
        judged = decided(sets.built(phrasings, encoder), questions[name])
        inside = [(one, right) for one, right in judged if right]
        outside = [one for one, right in judged if not right]
        wrong, shown = wrong_and_shown(inside)
        answered = statistics.mean(one.outcome == "answer" for one in outside)
        offered = statistics.mean(one.outcome == "offer" for one in outside)
        print(
            f"  {name:20} {right_first(inside):12.1f} {100 * wrong:15.1f} {100 * shown:16.1f}"
            f" {100 * answered:12.1f} {100 * offered:12.1f}",
            flush=True,
        )
        yield from judged


def wrong_and_shown(judged: Sequence[Judged]) -> tuple[float, float]:
    """Shares answered wrongly, and answered rightly or shown among three."""
    wrong = statistics.mean(one.outcome == "answer" and one.hits[0].id not in right for one, right in judged)
    shown = statistics.mean(
        one.outcome != "refuse" and bool(right & {hit.id for hit in one.hits[: 1 if one.outcome == "answer" else 3]})
        for one, right in judged
    )
    return wrong, shown


def other_languages(folder: Path) -> None:
    print("\nother languages         right first   wrong answers   right or shown")
    for name, language, phrasings, questions in sets.other_languages(folder):
        judged = decided(sets.built(phrasings, language=language), questions)
        wrong, shown = wrong_and_shown(judged)
        called = f"{language} {name}"
        print(f"  {called:20} {right_first(judged):12.1f} {100 * wrong:15.1f} {100 * shown:16.1f}", flush=True)


def came_true(judged: Sequence[Judged]) -> None:
    print("\nconfidence      questions   mean confidence   right first")
    for low, high in pairwise(BINS):
        here = [(one, right) for one, right in judged if low <= one.confidence < high]
        if here:
            mean = 100 * statistics.mean(one.confidence for one, _ in here)
            print(f"  {low:.1f} to {min(high, 1.0):.1f} {len(here):12} {mean:16.1f} {right_first(here):14.1f}")


def speed(encoder: Encoder | None) -> None:
    print("\nentries   phrasings   built s   p50 ms   p99 ms")
    asked = [text for answer in load("en").answers.values() for text in answer.asked_as][::7][:300]
    for entries, finder in ((len(load("en").answers), lambda: Asking(load("en"), encoder).finder), (10_000, many)):
        if entries == 10_000 and encoder is not None:
            continue
        began = time.process_time()
        built = finder()
        took = time.process_time() - began
        rounds = [sorted(_took(built, f"please {text} now") for text in asked) for _ in range(ROUNDS)]
        half, most = (min(times[int(len(times) * share)] for times in rounds) for share in (0.5, 0.99))
        print(f"  {entries:6} {took:19.1f} {half:8.2f} {most:8.2f}", flush=True)


def _took(finder: Finder, text: str) -> float:
    """Milliseconds of one thread."""
    began = time.thread_time()
    finder.decide(text)
    return (time.thread_time() - began) * 1000


def many() -> Finder:
    """10,000 entries of three phrasings, made of the words of the answers."""
    words = sorted(
        {word for answer in load("en").answers.values() for text in answer.asked_as for word in text.split()}
    )
    made = iter(range(10**9))

    def text() -> str:
        return " ".join(words[(next(made) * 7_919 + place * 104_729) % len(words)] for place in range(7))

    return Finder(Entry(f"e{number}", text(), (text(), text())) for number in range(10_000))


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("sets", type=Path)
    reader.add_argument("--encoder", action="store_true")
    reader.add_argument("--split", choices=("test", "valid"), default="test")
    said = reader.parse_args()
    encoder = encoders.load("en") if said.encoder else None
    if isinstance(encoder, encoders.Unavailable):
        print(encoder.reason, file=sys.stderr)
        return 1
    judged = list(few_shot(said.sets, said.split, encoder))
    if said.split == "test":
        judged += wild(said.sets, encoder)
        other_languages(said.sets)
    came_true(judged)
    speed(encoder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
