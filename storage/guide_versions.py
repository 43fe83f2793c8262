"""Versions of the guide as they were, for walks that began in them. Approved content, so it lies in clear."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from guidance.model import Content, GuideVersion
from storage.schema import guide_versions, walks
from storage.transaction import Transaction

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def keep(tx: Transaction, content: Content) -> None:
    """Write down the version in use; changed texts under the same number take the place of the old ones."""
    version = content.version()
    body = _adapter().dump_json(version, fallback=dict, warnings=False)  # content is kept in read-only mappings
    where = (guide_versions.c.language == content.language, guide_versions.c.version == version.number)
    kept = tx.db.scalar(select(guide_versions.c.body).where(*where))
    if kept is None:
        row = {"language": content.language, "version": version.number, "body": body}
        tx.db.execute(insert(guide_versions), row)
    elif kept != body:
        tx.db.execute(update(guide_versions).where(*where).values(body=body))


def older(tx: Transaction, content: Content) -> Mapping[int, GuideVersion]:
    """Versions of this language, other than the one in use, that somebody walks; those that nobody walks go."""
    now = content.guide.version
    walked = set(tx.db.scalars(select(walks.c.guide_version).distinct()))
    of_language = guide_versions.c.language == content.language
    tx.db.execute(delete(guide_versions).where(of_language, guide_versions.c.version.not_in(walked | {now})))
    rows = tx.db.execute(select(guide_versions).where(of_language, guide_versions.c.version != now))
    return {row.version: _adapter().validate_json(row.body) for row in rows}


@cache
def _adapter() -> "TypeAdapter[GuideVersion]":
    from pydantic import TypeAdapter  # a tenth of a second that most commands do without

    return TypeAdapter(GuideVersion)
