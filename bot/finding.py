"""Builds what answers questions, with all that helps an installation to find: the encoder, and what was learnt before.

What a finder learns from its phrasings takes seconds, with an encoder half a minute, so the data folder keeps it: one
file a language, made of the content alone. Nothing that a person asked ever gets there.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final
from zipfile import BadZipFile

import structlog

from bot.logs import failure
from dialogues.model import Voice
from guidance.encoder import Unavailable, load
from guidance.learnt import Learnt, read, shipped
from guidance.model import Content

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Attributes:
        kept: the folder where what was learnt is kept, made when needed; None: nothing is kept.
        by_meaning: use the sentence encoder, where it is installed.
        quiet: log nothing of it.
    """

    kept: Path | None = None
    by_meaning: bool = False
    quiet: bool = False

    def voice(self, content: Content) -> Voice:
        """Of one language. What was learnt anew is kept; where that cannot be, it is learnt again next time."""
        found = load(content.language) if self.by_meaning else Unavailable("not wanted")
        encoder = None if isinstance(found, Unavailable) else found
        before = self._before(content.language)
        begun = time.monotonic()
        voice = Voice.of(content, encoder, before)
        learnt = voice.asking.finder.learnt
        known = {one.digest for one in (*before, shipped(content.language)) if one is not None}
        if self.kept is not None and learnt.digest not in known:
            seconds = round(time.monotonic() - begun)
            try:
                _keep(learnt, self.kept / f"{content.language}.npz")
            except OSError as trouble:
                if not self.quiet:
                    log.warning("finder.not-kept", seconds=seconds, **failure(trouble))
            else:
                if not self.quiet:
                    log.info("finder.learnt", seconds=seconds)
        return voice

    def _before(self, language: str) -> tuple[Learnt, ...]:
        if self.kept is None:
            return ()
        try:
            with (self.kept / f"{language}.npz").open("rb") as file:
                return (read(file),)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # away, or damaged: it is learnt anew
            return ()


AS_SHIPPED: Final = Finding()
"""Nothing is read or kept; the encoder is left alone."""


def _keep(learnt: Learnt, path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        part = Path(file.name)
        try:
            learnt.write(file)
            file.flush()
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    part.replace(path)
