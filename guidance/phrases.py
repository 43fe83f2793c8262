"""The assistant's own phrases, in one language, from Fluent files.

Writers edit ``content/<language>/phrases/*.ftl``; code asks by key. What people typed may be an argument, so
errors name the key alone.
"""

from collections.abc import Iterable, Mapping

from fluent.runtime import FluentBundle
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor


class PhraseError(LookupError):
    """A phrase is missing, or cannot be put together with these arguments: tell the writer.

    Attributes:
        key: the phrase asked for. Arguments are never kept, they may be people's words.
    """

    code = "guidance.phrase"

    def __init__(self, key: str) -> None:
        super().__init__(f"phrase {key}")
        self.key = key


class Phrases:
    """All phrases of one language. Read-only after construction; safe to share between threads.

    Args:
        lang: a language tag such as ``en``; it decides plural forms and how numbers are written.
        resources: Fluent files, parsed. Junk in one is skipped here; ``guidance.reader`` reports it.
            Where two files hold the same key the first one wins; ``guidance.reader`` reports that too.
    """

    __slots__ = ("_bundle", "_messages", "_plain", "lang")

    def __init__(self, lang: str, resources: Iterable[ast.Resource]) -> None:
        self.lang = lang
        # No isolating marks: chats show them as boxes on old phones, and buttons are compared as text.
        self._bundle = FluentBundle([lang], use_isolating=False)
        self._messages: dict[str, ast.Message | None] = {}  # None: it has nothing to be put in
        entries: dict[str, ast.Message | ast.Term] = {}
        for resource in resources:
            for entry in resource.body:
                if isinstance(entry, ast.Message):
                    entries.setdefault(entry.id.name, entry)
                elif isinstance(entry, ast.Term):
                    entries.setdefault(f"-{entry.id.name}", entry)
        plain = {key: text for key, entry in entries.items() if (text := _plain(entry)) is not None}
        mentioned = _Mentioned()
        for key, entry in entries.items():
            if key not in plain:
                mentioned.visit(entry)
        # Most phrases are a text and nothing else: what Fluent makes of one takes twenty times its memory.
        composed = (entry for key, entry in entries.items() if key not in plain or key in mentioned.found)
        self._bundle.add_resource(ast.Resource([*composed]))
        for key, entry in entries.items():
            if isinstance(entry, ast.Message) and entry.value is not None:
                self._messages[key] = None if key in plain else entry
        self._plain = plain

    @classmethod
    def of(cls, lang: str, *texts: str) -> "Phrases":
        """Of Fluent texts."""
        return cls(lang, map(FluentParser().parse, texts))

    def keys(self) -> tuple[str, ...]:
        """Every key that has a text, in the writers' order."""
        return tuple(self._messages)

    def arguments(self, key: str) -> frozenset[str]:
        """The names of what a phrase puts in, those of phrases it refers to left out.

        Raises:
            PhraseError: no such key.
        """
        if key not in self._messages:
            raise PhraseError(key)
        seen = _Arguments()
        if (message := self._messages[key]) is not None:
            seen.visit(message)
        return frozenset(seen.found)

    def text(self, key: str, **args: str | int) -> str:
        """The phrase, put together with its arguments.

        Raises:
            PhraseError: no such key, an argument is missing, or the phrase is broken.
        """
        if (plain := self._plain.get(key)) is not None and (not args or self._messages[key] is None):
            return plain
        if not self._bundle.has_message(key):
            raise PhraseError(key)
        formatted = self._formatted(key, args)
        if formatted is None:
            raise PhraseError(key)
        if not args:
            self._plain[key] = formatted
        return formatted

    def _formatted(self, key: str, args: Mapping[str, str | int]) -> str | None:
        # Fluent hands its errors back and seldom raises. None instead of either: both may quote an argument.
        try:
            pattern = self._bundle.get_message(key).value
            if pattern is None:
                return None
            formatted, errors = self._bundle.format_pattern(pattern, dict(args))
        except Exception:
            return None
        return formatted if isinstance(formatted, str) and not errors else None


def _plain(entry: ast.Message | ast.Term) -> str | None:
    """The text of a message that is nothing else."""
    if isinstance(entry, ast.Term) or entry.value is None or entry.attributes:
        return None
    parts = [part.value for part in entry.value.elements if isinstance(part, ast.TextElement)]
    return "".join(parts) if len(parts) == len(entry.value.elements) else None


class _Arguments(Visitor):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:
        self.found.add(node.id.name)


class _Mentioned(Visitor):
    """Keys of other messages."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_MessageReference(self, node: ast.MessageReference) -> None:
        self.found.add(node.id.name)
