"""From examples to weights and back."""

import pytest

from guidance import library
from guidance.danger_features import WordGroups
from guidance.danger_learning import Example, as_toml, learn
from guidance.danger_learnt import Bounds, Learnt, digest
from guidance.danger_measuring import of_strangers
from guidance.danger_reader import read_danger_examples, read_danger_groups, read_danger_weights

GROUPS = WordGroups({"knife": ("weapon",), "gun": ("weapon",)}, frozenset(), frozenset())
EXAMPLES = [
    *(
        Example(f"he has a {thing} {where}", "weapon")
        for thing in ("knife", "gun")
        for where in ("here", "now", "today")
    ),
    *(
        Example(f"he drank {what} {where}", "self-harm")
        for what in ("bleach", "acid")
        for where in ("here", "now", "today")
    ),
    *(
        Example(f"he has a {thing} {where}", None)
        for thing in ("cold", "job", "car")
        for where in ("here", "now", "today")
    ),
    *(Example(f"where is the {thing} kept", None) for thing in ("knife", "gun", "key", "form")),
]


def test_what_was_learnt_tells_danger_from_harmless_and_kinds_apart():
    learnt = Learnt(GROUPS, Bounds(0, 0, 0, "S02"), learn(EXAMPLES, GROUPS, "en", "d"), "en")
    for one in EXAMPLES:
        heard = learnt.heard(one.text)
        assert heard is not None
        assert (heard.score > 0) == (one.kind is not None)
        if one.kind is not None:
            assert learnt.kind(heard) == one.kind
    strange = learnt.heard("there he stands and has a gun with him")
    assert strange is not None
    assert strange.score > 0


def test_the_same_examples_give_the_same_weights_and_the_file_gives_them_back():
    weights = learn(EXAMPLES, GROUPS, "en", "d")
    assert as_toml(learn(EXAMPLES, GROUPS, "en", "d")) == as_toml(weights)
    read, problems = read_danger_weights(as_toml(weights), "en/danger_weights.toml")
    assert problems == ()
    assert read is not None
    assert (dict(read.danger), read.digest) == (dict(weights.danger), "d")
    assert {kind: dict(of) for kind, of in read.kinds.items()} == {k: dict(of) for k, of in weights.kinds.items()}


def test_no_words_of_a_message_in_a_repr():
    learnt = Learnt(GROUPS, Bounds(0, 0, 0, "S02"), learn(EXAMPLES, GROUPS, "en", "d"), "en")
    assert "bleach" not in repr(learnt.heard("he drank bleach"))
    assert "bleach" not in repr(Example("he drank bleach", None))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("x = [", "cannot be read as TOML"),
        ("harmless = ['a', 'a']", "twice"),
        ("harmless = ['']", "empty"),
        ("harmless = 3", "list"),
        (f"harmless = ['{'x' * 401}']", "shorten"),
        ("[danger]\nbomb = ['x']", "not known"),
        ("harmless_counts = 0", "whole number"),
    ],
)
def test_a_writer_is_told_what_is_wrong_with_examples(text: str, remedy: str):
    _, problems = read_danger_examples(text, "en/danger_examples/x.toml")
    assert any(remedy in problem.remedy for problem in problems)
    assert all(problem.file == "en/danger_examples/x.toml" for problem in problems)


HEAD = "clear = 20\nunsure = 0\nunheard = -20\nunsure_step = 'S02'\n"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "is missing"),
        (HEAD + "[only]\n[never]\n[groups]\nweapon = 'Knife'", "small letters"),
        (HEAD + "[only]\npeople = 'jews'\n[never]\nfaith = 'jews'\n[groups]", "already"),
        (HEAD + "[only]\n[never]\n[groups]\nMy-Group = 'knife'", "good name"),
        (HEAD.replace("clear = 20", "clear = -50") + "[only]\n[never]\n[groups]", "between"),
    ],
)
def test_a_writer_is_told_what_is_wrong_with_groups(text: str, remedy: str):
    _, problems = read_danger_groups(text, "en/danger_groups.toml", "en")
    assert any(remedy in problem.remedy for problem in problems)


@pytest.mark.parametrize(
    "text", ["", "digest = 'x'\ndanger = 'knife'\n[kinds]", "digest = 'x'\ndanger = 'knife 1.5'\n[kinds]", "danger = 3"]
)
def test_weights_that_cannot_be_read_are_an_error(text: str):
    _, problems = read_danger_weights(text, "en/danger_weights.toml")
    assert problems


def test_the_shipped_weights_were_learnt_from_the_shipped_examples():
    files, _ = library.packaged("en")
    _, problems = library.from_files(files, "en")
    assert [one for one in problems if "danger" in one.file] == []


def test_stale_and_missing_weights_are_told():
    files = dict(library.packaged("en")[0])
    files["en/danger_examples/a.toml"] += "\n# another word"
    content, problems = library.from_files(files, "en")
    assert content is not None
    assert [(one.file, one.severity) for one in problems if "danger" in one.file] == [
        ("en/danger_weights.toml", "warning")
    ]
    del files["en/danger_weights.toml"]
    content, problems = library.from_files(files, "en")
    assert content is not None
    assert content.danger_learnt is None
    assert [(one.file, one.severity) for one in problems if "danger" in one.file] == [
        ("en/danger_weights.toml", "warning")
    ]


def test_weights_without_groups_are_an_error():
    files = dict(library.packaged("en")[0])
    del files["en/danger_groups.toml"]
    content, problems = library.from_files(files, "en")
    assert content is None
    assert any(one.file == "en/danger_groups.toml" and "is missing" in one.remedy for one in problems)


def test_a_step_that_is_not_there_is_told():
    files = dict(library.packaged("en")[0])
    files["en/danger_groups.toml"] = files["en/danger_groups.toml"].replace('"S02"', '"S99"')
    _, problems = library.from_files(files, "en")
    assert any(one.file == "en/danger_groups.toml" and one.item == "unsure_step" for one in problems)


def test_a_message_in_two_files_is_told():
    files = dict(library.packaged("en")[0])
    files["en/danger_examples/z.toml"] = "harmless = ['whats motivational interviewing in two lines']"
    found, problems = library.danger_examples(files, "en")
    assert found is None
    assert [one.file for one in problems] == ["en/danger_examples/z.toml"]


def test_line_ends_do_not_make_weights_stale():
    assert digest("a\r\nb", {"x": "y\r\n"}) == digest("a\nb", {"x": "y\n"}) != digest("a\nb", {"x": "y"})


@pytest.mark.long
def test_learning_again_gives_the_shipped_weights():
    files, _ = library.packaged("en")
    examples, _ = library.danger_examples(files, "en")
    assert examples is not None
    every = [one for name in sorted(examples.sets) for one in examples.sets[name]]
    learnt = as_toml(learn(every, examples.groups, "en", examples.digest))
    assert learnt == files["en/danger_weights.toml"]


@pytest.mark.long
@pytest.mark.parametrize("author", ["a", "b", "c", "e", "f"])
@pytest.mark.timeout(900)
def test_a_stranger_is_heard_with_what_all_others_teach(author: str):
    """The honest figure: nothing of this author was learnt from, and the phrases were written without him."""
    files, _ = library.packaged("en")
    examples, _ = library.danger_examples(files, "en")
    content, _ = library.from_files(files, "en")
    assert examples is not None
    assert content is not None
    found = of_strangers(author, examples, content.danger, "en")
    dangers = [one for one in found if one.kind != "harmless"]
    harmless = [one for one in found if one.kind == "harmless"]
    assert len(dangers) == 7
    assert sum(one.both for one in dangers) >= 0.92 * sum(one.messages for one in dangers)
    assert sum(one.both for one in harmless) <= 0.06 * sum(one.messages for one in harmless)
