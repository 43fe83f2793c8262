"""Small talk is the whole message or stands around a question; it is never a question itself."""

import pytest

from guidance.small_talk import kind, without

SAID = {
    "en": {
        "greeting": ("hi", "Good morning!", "hello there", "morning"),
        "thanks": ("thanks", "ok thank you", "perfect, thank you for your help", "thanks a lot, bye"),
        "bye": ("bye", "good night", "that's all"),
        "ok": ("ok", "Understood.", "I see", "all right"),
        "yes": ("yes", "yes please", "exactly"),
        "no": ("no", "no thanks", "never mind"),
        "how-are-you": ("how are you?", "hi, how are you", "how's it going"),
        "help": ("help", "?", "help please, thanks", "can you help me?", "what can you do", "who are you"),
        "role": ("i am a mentor", "I'm a prison officer", "hello, I am new here"),
    },
    "fr": {
        "greeting": ("Bonjour",),
        "thanks": ("merci beaucoup", "merci pour votre aide"),
        "how-are-you": ("ça va ?",),
        "help": ("aide",),
    },
    "pt": {"greeting": ("Olá, bom dia",), "thanks": ("muito obrigada",), "no": ("não",), "help": ("ajuda",)},
    "it": {"greeting": ("Buongiorno",), "thanks": ("grazie mille",), "yes": ("sì",), "help": ("aiuto",)},
    "bg": {"greeting": ("Здравей", "Добър ден!"), "thanks": ("мерси",), "yes": ("да",), "help": ("помощ",)},
    "el": {"greeting": ("Καλημέρα!",), "thanks": ("Ευχαριστώ πολύ",), "no": ("όχι",), "help": ("βοήθεια",)},
    "nl": {"greeting": ("goedemorgen",), "thanks": ("dank je wel",), "ok": ("prima",), "help": ("hulp",)},
}


@pytest.mark.parametrize(
    ("language", "meant", "text"),
    [(language, one, text) for language, kinds in SAID.items() for one, texts in kinds.items() for text in texts],
)
def test_the_whole_message_is_small_talk(language: str, meant: str, text: str):
    assert kind(text, language) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("thanks but can he travel", "no contact order", "morning prayers", "help for his mother", "good behaviour"),
        *("mentor", "consent", "", "   ", "that this is", "no, he did not come", "yes he has a plan", "ok to share?"),
    ],
)
def test_what_says_more_is_not(text: str):
    assert kind(text, "en") is None


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("hi do i need consent", "do i need consent"),
        ("Hello, good morning! Thank you. Do I need consent? Thanks in advance", "do i need consent"),
        ("ok thanks, what about his mother", "what about his mother"),
        ("morning prayers", "morning prayers"),
        ("No contact order?", "No contact order?"),
        ("thanks", "thanks"),
    ],
)
def test_a_question_is_left_without_what_stands_around_it(text: str, question: str):
    assert without(text, "en") == question


def test_a_language_without_a_list_has_no_small_talk():
    assert kind("hej", "sv") is None
    assert kind("?", "sv") == "help"
    assert without("hej hur mår du", "sv") == "hej hur mår du"
