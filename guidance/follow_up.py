"""A question that leans on the one before it: "and after release?", "what if he refuses", "who does that".

Such a question is looked up alone and joined with what it may lean on; see ``guidance.asking``. The lists are modest
and made by hand; everything in them is folded (``normal.folded``), short forms written out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from guidance.normal import words

AT_MOST_WORDS: Final = 9
"""A longer question stands by itself."""

AT_MOST_CONTENT: Final = 3
"""Words of its own that a question with an anaphor may have."""

AT_MOST_KEPT: Final = 30
"""Words of a question that are remembered."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a follow-up leans on.

    Attributes:
        shown: id of what was shown, or empty where there was only a choice.
        asked: words of the question before it, or empty.
    """

    shown: str = ""
    asked: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Cues:
    """
    Attributes:
        opens: what a follow-up begins with, as tuples of words, longest first.
        alone: whole follow-ups.
        points: words that point back.
        empty: words without a content of their own.
    """

    opens: tuple[tuple[str, ...], ...]
    alone: frozenset[tuple[str, ...]]
    points: frozenset[str]
    empty: frozenset[str]


def _cues(language: str, opens: str, alone: str, points: str, empty: str) -> Cues:
    def phrases(listed: str) -> set[tuple[str, ...]]:
        return {tuple(words(one, language)) for one in listed.split(",") if one.strip()}

    longest_first = sorted(phrases(opens), key=lambda phrase: (-len(phrase), phrase))
    return Cues(tuple(longest_first), frozenset(phrases(alone)), frozenset(points.split()), frozenset(empty.split()))


_CUES: Final[Mapping[str, Cues]] = MappingProxyType(
    {
        "en": _cues(
            "en",
            """
            and, but, what about, how about, and what about, but what about, and how about, what if, and what if,
            but what if, then, and then, even if, even when, also when, or, and if, but if, also if, so what if, only
            if,
            what when, and when, and for, same for, the same for, is that also, does that also, is it the same for, so,
            and also, otherwise, if not, if so, in that case
            """,
            """
            why, why not, why is that, why so, how, how so, how exactly, when, when exactly, where, who, who does that,
            who does it, who decides, who decides that, by whom, to whom, with whom, since when, how long, how often,
            how soon, until when, always, really, are you sure, is that so, says who, who says, who says that,
            what does that mean, what does it mean, what do you mean, what is that, for example, an example, examples,
            give me an example, more, tell me more, more please, go on, and, so, and then, then what, what then, what
            else,
            anything else, what next, and now, how do i do that, how do i do it, how does that work, what does it
            involve,
            explain, explain that, please explain, in what way, in which case, what for, with what
            """,
            "that this it those these them there same such one ones so",
            """
            a an the and but or if then what about how who whom why when where which is are am was do does did can
            could may
            must should shall will would has have had i we you he she they him her his their its it that this those
            these
            them there same such one ones so to of for in on at by with from also even still yet please me my us our
            be been being get ok any some only just then than as now
            """,
        ),
        "fr": _cues(
            "fr",
            """
            et, mais, et si, mais si, et pour, et apres, et avant, meme si, alors, et quand, ou, qu'en est il de, dans
            ce cas
            """,
            """
            pourquoi, pourquoi pas, comment, quand, ou, qui, qui decide, qui fait ca, qui fait cela, par qui, et alors,
            et apres, par exemple, un exemple, c'est a dire, vraiment, plus, et maintenant, combien de temps
            """,
            "ca cela ceci celui celle ceux en y",
            """
            le la les un une des de du et mais ou si que qui quoi comment quand pour avec dans a au en y ce ca cela il
            elle
            ils elles je on nous vous tu est sont fait faire son sa ses mon ma mes pas ne aussi meme
            """,
        ),
        "pt": _cues(
            "pt",
            """
            e, mas, e se, mas se, e para, e depois, e antes, mesmo se, mesmo que, entao, e quando, ou, e quanto a,
            nesse caso
            """,
            """
            porque, por que, porque nao, como, quando, onde, quem, quem decide, quem faz isso, por quem, e depois,
            por exemplo, um exemplo, a serio, mais, e agora, quanto tempo
            """,
            "isso isto aquilo esse esta este nisso disso",
            """
            o a os as um uma de do da e mas ou se que quem como quando para com em no na isso isto ele ela eles elas
            eu nos
            voce tu nao tambem mesmo faz fazer seu sua meu minha
            """,
        ),
        "it": _cues(
            "it",
            """
            e, ma, e se, ma se, e per, e dopo, e prima, anche se, allora, e quando, o, oppure, in quel caso, e
            riguardo a
            """,
            """
            perche, perche no, come, quando, dove, chi, chi decide, chi lo fa, chi fa questo, da chi, e poi, per
            esempio,
            un esempio, davvero, di piu, e adesso, e ora, quanto tempo
            """,
            "questo quello cio lo ne ci",
            """
            il lo la i gli le un una di del della e ma o se che chi come quando per con in nel a al questo quello lui
            lei
            loro io noi tu non anche fa fare suo sua mio mia si e
            """,
        ),
        "bg": _cues(
            "bg",
            """
            и, но, а, ами, а ако, ами ако, и ако, но ако, а за, а след, а преди, дори ако, тогава, или, а кога, в
            такъв случаи
            """,
            """
            защо, защо не, как, кога, къде, кои, кой, кои решава, кои прави това, от кого, и после, а после, например,
            пример, наистина, още, а сега, колко време
            """,
            "това тези онова същото него нея",
            """
            и но а или ако ами за на в с от до по при да не ли е са съм си се това тои тя те аз ние вие ти негов негова
            какво как кога къде кои кой защо също дори прави
            """,
        ),
        "el": _cues(
            "el",
            """
            και, αλλα, κι αν, και αν, αλλα αν, ακομα κι αν, και για, και μετα, και πριν, τοτε, η, και ποτε, σε αυτη
            την περιπτωση
            """,
            """
            γιατι, γιατι οχι, πως, ποτε, που, ποιος, ποιος αποφασιζει, ποιος το κανει, απο ποιον, και μετα, για
            παραδειγμα,
            παραδειγμα, αληθεια, κι αλλο, και τωρα, ποση ωρα
            """,
            "αυτο αυτα αυτος εκεινο ιδιο το",
            """
            ο η το οι τα του της των τον την και αλλα αν να θα για σε στο στη στην με απο που τι πως ποτε ποιος γιατι
            δεν
            μην ειναι ειμαι αυτο αυτος αυτη εγω εμεις εσυ μου σου κανει κι επισης
            """,
        ),
        "nl": _cues(
            "nl",
            """
            en, maar, wat als, en als, maar als, en wat als, hoe zit het met, ook als, zelfs als, dan, en dan, of, en
            voor, en na
            """,
            """
            waarom, waarom niet, hoe, wanneer, waar, wie, wie beslist, wie doet dat, door wie, en dan, bijvoorbeeld,
            een voorbeeld, echt, meer, vertel meer, en nu, hoe lang
            """,
            "dat dit die deze het daar daarmee zulke",
            """
            de het een en maar of als dan wat hoe wie wanneer waar waarom is zijn was doet doen kan mag moet ik wij we
            je jij
            u hij zij ze hem haar zijn hun dat dit die deze daar ook zelfs niet van voor in op aan met bij na
            """,
        ),
    }
)


def leans(text: str, language: str) -> bool:
    """Whether a question may lean on the one before it: a short one that begins so or points back."""
    cues, typed = _CUES.get(language), words(text, language)
    if cues is None or not typed or len(typed) > AT_MOST_WORDS:
        return False
    if tuple(typed) in cues.alone or _opening(typed, cues):
        return True
    return not cues.points.isdisjoint(typed) and len(_content(typed, cues)) <= AT_MOST_CONTENT


def own_words(text: str, language: str) -> str:
    """What a follow-up says by itself, without how it begins; empty where it only asks on ("why?", "who does that")."""
    cues, typed = _CUES.get(language), words(text, language)
    if cues is None:
        return " ".join(typed)
    if tuple(typed) in cues.alone:
        return ""
    rest = typed[_opening(typed, cues) :]
    return " ".join(rest) if _content(rest, cues) else ""


def _opening(typed: list[str], cues: Cues) -> int:
    """How many words a follow-up begins with that say no more than that it is one."""
    return next((len(phrase) for phrase in cues.opens if tuple(typed[: len(phrase)]) == phrase), 0)


def _content(typed: list[str], cues: Cues) -> list[str]:
    return [word for word in typed if word not in cues.empty]
