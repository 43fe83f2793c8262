"""In which language somebody writes: short messages, as typed on phones, made up for this test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.languages import KNOWN, detect

MESSAGES = {
    "en": """
        what can i tell the police
        he missed the meeting again
        who do i call at night
        can his mother see the file
        i dont trust him
        is this allowed
        where are the forms kept
        pls call me tomorrow morning
        she wants to leave the group
        how long does it take
    """,
    "fr": """
        que puis-je dire à la police
        il n'est pas venu au rendez vous
        qui dois je appeler la nuit
        est ce que sa mere peut lire le dossier
        jai pas confiance en lui
        c'est permis ou pas
        ou sont les formulaires
        rappelle moi demain matin stp
        elle veut quitter le groupe
        ça prend combien de temps
    """,
    "pt": """
        o que posso dizer à polícia
        ele faltou outra vez à reunião
        a quem ligo durante a noite
        a mae dele pode ver o processo
        nao confio nele
        isto é permitido
        onde estao os formularios
        liga me amanha de manha
        ela quer sair do grupo
        quanto tempo demora isto
    """,
    "it": """
        cosa posso dire alla polizia
        non è venuto all'incontro
        chi devo chiamare di notte
        sua madre puo leggere il fascicolo
        nn mi fido di lui
        è permesso o no
        dove sono i moduli
        chiamami domani mattina
        lei vuole lasciare il gruppo
        quanto tempo ci vuole
    """,
    "nl": """
        wat mag ik de politie vertellen
        hij is weer niet komen opdagen
        wie moet ik 's nachts bellen
        mag zijn moeder het dossier inzien
        ik vertrouw hem niet
        is dit toegestaan
        waar liggen de formulieren
        bel me morgen ff
        ze wil uit de groep
        hoe lang duurt dat
    """,
    "bg": """
        какво мога да кажа на полицията
        пак не дойде на срещата
        на кого да се обадя през нощта
        майка му може ли да види досието
        не му вярвам
        разрешено ли е това
        къде са формулярите
        kakvo moga da kaja na policiata
        ne mu vqrvam
        kade sa formulqrite
    """,
    "el": """
        τι μπορώ να πω στην αστυνομία
        δεν ηρθε παλι στη συναντηση
        ποιον να καλέσω τη νύχτα
        μπορει η μητερα του να δει τον φακελο
        δεν τον εμπιστεύομαι
        επιτρέπεται αυτό
        που ειναι τα εντυπα
        ti mporo na po stin astinomia
        den ton empistevomai
        pou einai ta entypa
    """,
}
ALL = [(language, line.strip()) for language, lines in MESSAGES.items() for line in lines.strip().splitlines()]


def test_short_messages_are_told_apart():
    found = [(language, detect(text, KNOWN), text) for language, text in ALL]
    assert [one for one in found if one[1] not in (one[0], None)] == []
    assert sum(one[1] is None for one in found) <= 0.08 * len(found)


@pytest.mark.parametrize("preferred", KNOWN)
def test_another_language_than_the_chosen_is_heard_where_it_is_clear(preferred: str):
    found = [(language, detect(text, KNOWN, preferred), text) for language, text in ALL]
    assert [one for one in found if one[1] not in (one[0], preferred, None)] == []
    assert sum(one[1] == one[0] for one in found) >= 0.8 * len(found)


@pytest.mark.parametrize("text", ["", "112", "S05", "ok", "Ahmed", "?!", "PIN", "no", "WhatsApp"])
def test_what_tells_nothing_keeps_the_chosen_language(text: str):
    for preferred in KNOWN:
        assert detect(text, KNOWN, preferred) in (preferred, None)


def test_a_language_that_is_not_offered_is_not_taken_for_its_neighbour():
    assert detect("a mae dele pode ver o processo", ["en", "it"], "en") is None
    assert detect("какво мога да кажа", ["en", "fr"], "en") is None


@given(st.text(), st.lists(st.sampled_from([*KNOWN, "xx"])), st.sampled_from([None, *KNOWN, "xx"]))
def test_any_text_gives_an_offered_language_or_none(text: str, among: list[str], preferred: str | None):
    assert detect(text, among, preferred) in {*among, None}
