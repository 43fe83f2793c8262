"""Greetings, thanks and other small talk: the whole message, or what stands before and after a question.

"Thanks" is answered with "you are welcome"; "thanks, but can he travel" is a question, asked without its thanks. The
lists are modest and made by hand; everything in them is folded (``normal.folded``), short forms written out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from guidance.normal import folded, words

Kind: TypeAlias = Literal["help", "how-are-you", "role", "thanks", "bye", "greeting", "no", "yes", "ok"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""Where a message is several at once, the first of these counts: "ok thanks bye" is thanks."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What people say in one language.

    Attributes:
        said: kind to phrases, as tuples of words.
        around: phrases that may be taken from before or behind a question without a loss. "Morning" is none of them:
            "morning prayers".
        beside: words that may stand beside a phrase in small talk and say nothing alone.
    """

    said: Mapping[Kind, frozenset[tuple[str, ...]]]
    around: frozenset[tuple[str, ...]]
    beside: frozenset[str]
    longest: int = field(default=0)


def _phrases(listed: str, language: str) -> frozenset[tuple[str, ...]]:
    """Phrases between commas."""
    return frozenset(tuple(words(one, language)) for one in listed.split(",") if one.strip())


def _talk(language: str, around: str, beside: str, **said: str) -> Talk:
    by_kind: dict[Kind, frozenset[tuple[str, ...]]] = {
        kind: _phrases(said.get(kind.replace("-", "_"), ""), language) for kind in KINDS
    }
    every = [*_phrases(around, language), *(phrase for phrases in by_kind.values() for phrase in phrases)]
    longest = max(len(phrase) for phrase in every)
    return Talk(MappingProxyType(by_kind), _phrases(around, language), frozenset(words(beside, language)), longest)


_TALK: Final[Mapping[str, Talk]] = MappingProxyType(
    {
        "en": _talk(
            "en",
            """
            hi, hello, hey, hiya, hi there, hello there, hey there, good morning, good afternoon, good evening, good
            day,
            dear bot, hi bot, hello bot, hey bot, hi integra, hello integra, hey integra, thanks, thank you, many
            thanks,
            thanks a lot, thank you very much, thank you so much, thanks in advance, thank you in advance, cheers,
            ok thanks, okay thanks, ok thank you, thanks for that, thanks for the answer, ok so, okay so, sorry,
            excuse me, quick question, one question, i have a question, another question, one more question,
            and also, also, and secondly, secondly, firstly, and another question, and another thing, and then
            """,
            """
            there bot integra assistant all everyone again so very much a lot many great nice good brilliant helpful
            that
            this is was it for your the help you all then well now fine right sir madam team please indeed really and
            """,
            greeting="""
            hi, hello, hey, hiya, yo, morning, good morning, afternoon, good afternoon, evening, good evening, good day,
            greetings, howdy, is anybody there, anyone there, are you there
            """,
            thanks="""
            thanks, thank you, thank, cheers, ta, merci, perfect, great, much appreciated, appreciated, that helps,
            that helped, this helps, very helpful, helpful, brilliant, excellent, wonderful, good job, well done,
            for your help, for the help, for helping, for all your help
            """,
            bye="""
            bye, bye bye, goodbye, good bye, see you, see you later, see ya, good night, night, later, take care, ciao,
            have a nice day, have a good day, until tomorrow, that is all, that was all, nothing else, i am done
            """,
            ok="""
            ok, okay, okey, k, kk, fine, alright, all right, got it, i see, understood, i understand, right, sure,
            noted,
            will do, makes sense, cool, good, nice, hm, hmm, aha, ah, oh, i know, clear, all clear, fair enough
            """,
            yes="yes, yeah, yep, yup, yes please, of course, exactly, correct, true, that is right, indeed",
            no="no, nope, nah, no thanks, no thank you, not really, not now, never mind, nevermind, forget it, wrong",
            how_are_you="""
            how are you, how are you doing, how are you today, how is it going, how do you do, are you ok, are you okay,
            are you well, what is up, sup, how are things
            """,
            help="""
            help, help please, please help, can you help, can you help me, could you help me, i need help, need help,
            help needed, what can you do, what can you do for me, what do you do, how does this work, how do you work,
            how does it work, what is this, what can i ask, what can i ask you, what should i ask, how do i use this,
            how do i use you, who are you, start, begin, menu, options, commands, instructions, i am lost, i am stuck,
            can i ask you something, can i ask something, can i ask a question, i have a question, question
            """,
            role="""
            i am a mentor, i am a community mentor, i am an officer, i am a probation officer, i am a prison officer,
            i am a coordinator, i am the coordinator, i am a supervisor, i am an admin, i work in prison,
            i work in a prison, i work in probation, i work as a mentor, i am new, i am new here, mentor here,
            prison officer here, probation officer here, coordinator here
            """,
        ),
        "fr": _talk(
            "fr",
            """
            bonjour, salut, bonsoir, bonjour a tous, bonjour a vous, merci, merci beaucoup, merci d'avance, merci bien,
            ok merci, une question, j'ai une question
            """,
            """
            a tous toi vous beaucoup bien tout le la monde pour votre ton aide c'est est tres integra assistant et
            alors
            """,
            greeting="bonjour, salut, bonsoir, coucou, hello, hey",
            thanks="merci, parfait, super, genial, merci beaucoup, tres utile",
            bye="au revoir, a bientot, bonne journee, bonne soiree, bonne nuit, a demain, ciao, adieu",
            ok="ok, d'accord, daccord, entendu, compris, je vois, je comprends, tres bien, bien, bon, note, ca marche",
            yes="oui, ouais, oui s'il vous plait, exactement, bien sur, tout a fait",
            no="non, non merci, pas vraiment, pas maintenant, laisse tomber, laissez tomber",
            how_are_you="ca va, comment ca va, comment vas tu, comment allez vous, tu vas bien, vous allez bien",
            help="""
            aide, aidez moi, aide moi, j'ai besoin d'aide, besoin d'aide, que peux tu faire, que pouvez vous faire,
            comment ca marche, qui es tu, qui etes vous, menu, j'ai une question
            """,
            role="""
            je suis mentor, je suis agent de probation, je suis surveillant, je suis coordinateur, je suis nouveau
            """,
        ),
        "pt": _talk(
            "pt",
            """
            ola, oi, bom dia, boa tarde, boa noite, obrigado, obrigada, muito obrigado, muito obrigada, ok obrigado,
            desde ja obrigado, uma pergunta, tenho uma pergunta
            """,
            "a todos voce tu muito bem tudo pela pelo sua ajuda e foi integra assistente entao mesmo",
            greeting="ola, oi, bom dia, boa tarde, viva",
            thanks="obrigado, obrigada, perfeito, otimo, excelente, valeu, agradeco, muito util",
            bye="adeus, tchau, ate logo, ate amanha, ate breve, boa noite, bom fim de semana",
            ok="ok, esta bem, ta bem, certo, entendi, percebi, compreendo, pois, muito bem, combinado, claro",
            yes="sim, sim por favor, exatamente, com certeza, isso",
            no="nao, nao obrigado, nao obrigada, agora nao, deixa, deixa estar",
            how_are_you="tudo bem, como estas, como esta, como vai, como vais, estas bem",
            help="""
            ajuda, ajude me, ajuda me, preciso de ajuda, o que podes fazer, o que pode fazer, como funciona, quem es,
            quem e voce, menu, tenho uma pergunta
            """,
            role="sou mentor, sou mentora, sou guarda prisional, sou coordenador, sou coordenadora, sou novo, sou nova",
        ),
        "it": _talk(
            "it",
            """
            ciao, salve, buongiorno, buon giorno, buonasera, buona sera, grazie, grazie mille, molte grazie, ok grazie,
            grazie in anticipo, una domanda, ho una domanda
            """,
            "a tutti te lei mille molto tante bene tutto per il tuo suo aiuto e stato integra assistente allora",
            greeting="ciao, salve, buongiorno, buon giorno, buonasera, buona sera, buon pomeriggio",
            thanks="grazie, perfetto, ottimo, grazie mille, molto utile, benissimo",
            bye="""
            arrivederci, addio, a presto, a domani, buona giornata, buona serata, buona notte, buonanotte, ci vediamo
            """,
            ok="ok, va bene, d'accordo, capito, ho capito, capisco, certo, bene, chiaro",
            yes="si, si grazie, esatto, certamente, giusto",
            no="no, no grazie, non ora, lascia stare, lascia perdere",
            how_are_you="come stai, come sta, come va, tutto bene",
            help="""
            aiuto, aiutami, mi aiuti, ho bisogno di aiuto, cosa puoi fare, cosa sai fare, che cosa puoi fare,
            come funziona, chi sei, menu, ho una domanda
            """,
            role="sono un mentore, sono mentore, sono un agente, sono un coordinatore, sono nuovo, sono nuova",
        ),
        "bg": _talk(
            "bg",
            """
            здравей, здравейте, здрасти, добър ден, добро утро, добър вечер, благодаря, благодаря ви, благодаря ти,
            много благодаря, мерси, един въпрос, имам въпрос
            """,
            "на всички ви ти вас много за помощта беше е интегра добре пак",
            greeting="здравей, здравейте, здрасти, добър ден, добро утро, добър вечер, привет, хей",
            thanks="благодаря, мерси, перфектно, чудесно, супер, отлично, много полезно",
            bye="довиждане, чао, лека нощ, до утре, до скоро, приятен ден, лека вечер",
            ok="ок, окей, добре, разбрах, ясно, разбирам, хубаво, става",
            yes="да, да моля, точно така, разбира се",
            no="не, не благодаря, не сега, няма нужда, остави",
            how_are_you="как си, как сте, как е, добре ли си, добре ли сте",
            help="""
            помощ, помогни ми, помогнете ми, имам нужда от помощ, какво можеш, какво можеш да правиш, как работи това,
            кой си ти, меню, имам въпрос
            """,
            role="""
            аз съм ментор, ментор съм, аз съм пробационен служител, аз съм надзирател, аз съм координатор, нов съм
            """,
        ),
        "el": _talk(
            "el",
            """
            γεια, γεια σου, γεια σας, καλημερα, καλησπερα, χαιρετε, ευχαριστω, ευχαριστω πολυ, σας ευχαριστω,
            σ'ευχαριστω, μια ερωτηση, εχω μια ερωτηση
            """,
            "σε ολους σου σας πολυ για τη την βοηθεια ηταν ειναι καλα παλι και",
            greeting="γεια, γεια σου, γεια σας, καλημερα, καλησπερα, χαιρετε",
            thanks="ευχαριστω, ευχαριστουμε, τελεια, τελειο, υπεροχα, πολυ χρησιμο, μπραβο",
            bye="αντιο, τα λεμε, καληνυχτα, καλο βραδυ, καλη συνεχεια, εις το επανιδειν",
            ok="οκ, οκει, ενταξει, καταλαβα, καταλαβαινω, μαλιστα, καλα, ωραια, σωστα",
            yes="ναι, ναι παρακαλω, ακριβως, βεβαια, φυσικα",
            no="οχι, οχι ευχαριστω, οχι τωρα, ασε, αστο, δεν πειραζει",
            how_are_you="τι κανεις, τι κανετε, πως εισαι, πως ειστε, πως παει",
            help="""
            βοηθεια, βοηθησε με, βοηθηστε με, χρειαζομαι βοηθεια, τι μπορεις να κανεις, πως λειτουργει, ποιος εισαι,
            μενου,
            εχω μια ερωτηση
            """,
            role="ειμαι μεντορας, ειμαι σωφρονιστικος υπαλληλος, ειμαι επιμελητης, ειμαι συντονιστης, ειμαι νεος εδω",
        ),
        "nl": _talk(
            "nl",
            """
            hallo, hoi, hey, goedemorgen, goedemiddag, goedenavond, goedendag, dag, dank je, dank u, dankjewel, dank
            je wel,
            dank u wel, bedankt, alvast bedankt, ok bedankt, een vraag, ik heb een vraag
            """,
            "allemaal je u jij heel erg veel zeer goed voor uw jouw de hulp dat was is het integra assistent dan",
            greeting="hallo, hoi, hey, hi, goedemorgen, goedemiddag, goedenavond, goedendag, dag",
            thanks="""
            bedankt, dank, dankjewel, dank je, dank je wel, dank u, dank u wel, perfect, super, geweldig, heel nuttig,
            fijn
            """,
            bye="tot ziens, doei, dag dag, tot morgen, tot later, welterusten, fijne dag, prettige dag, goedenacht",
            ok="ok, oke, okee, goed, prima, begrepen, ik begrijp het, ik snap het, duidelijk, helder",
            yes="ja, jawel, ja graag, precies, inderdaad, natuurlijk, klopt",
            no="nee, nee bedankt, nee dank je, niet nu, laat maar",
            how_are_you="hoe gaat het, hoe gaat het met je, hoe gaat het met u, alles goed, hoe is het",
            help="""
            help, hulp, help mij, help me, ik heb hulp nodig, wat kun je, wat kan je, wat kun je doen, hoe werkt dit,
            hoe werkt het, wie ben je, menu, ik heb een vraag
            """,
            role="ik ben mentor, ik ben reclasseringswerker, ik ben bewaker, ik ben coordinator, ik ben nieuw",
        ),
    }
)


def kind(text: str, language: str) -> Kind | None:
    """What small talk a whole message is; None where it is anything else.

    A language without a list has none; a question mark alone asks for help in any.
    """
    typed = words(text, language)
    if not typed:
        return "help" if set(folded(text)) & {"?", "؟"} else None
    talk = _TALK.get(language)
    if talk is None:
        return None
    found: list[Kind] = []
    at = 0
    while at < len(typed):
        said, size = _said_at(typed, at, talk)
        if said is not None:
            found.append(said)
        elif typed[at] not in talk.beside:
            return None
        at += size
    if "thanks" in found:
        # "Thank you for your help"; but "help please, thanks".
        found = [one for place, one in enumerate(found) if one != "help" or place < found.index("thanks")]
    return next((one for one in KINDS if one in found), None)


def without(text: str, language: str) -> str:
    """A question without the greeting and the thanks around it, as typed but for those; small talk stays as it is."""
    talk = _TALK.get(language)
    if talk is None or kind(text, language) is not None:
        return text
    typed = words(text, language)
    begin, end = 0, len(typed)
    while (size := _around(typed[begin:end], talk)) > 0:
        begin += size
    while (size := _around(typed[begin:end], talk, behind=True)) > 0:
        end -= size
    return text if (begin, end) == (0, len(typed)) else " ".join(typed[begin:end])


def _said_at(typed: Sequence[str], at: int, talk: Talk) -> tuple[Kind | None, int]:
    """The longest phrase that begins there, and how many words it has."""
    for size in range(min(talk.longest, len(typed) - at), 0, -1):
        phrase = tuple(typed[at : at + size])
        said = next((one for one in KINDS if phrase in talk.said[one]), None)
        if said is not None:
            return said, size
    return None, 1


def _around(typed: Sequence[str], talk: Talk, *, behind: bool = False) -> int:
    """How many words of small talk stand before or behind; never all there are."""
    for size in range(min(talk.longest, len(typed) - 1), 0, -1):
        if tuple(typed[-size:] if behind else typed[:size]) in talk.around:
            return size
    return 0
