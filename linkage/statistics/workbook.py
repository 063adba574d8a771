"""The workbook of a release: a cover, contents, notes, and one table a sheet, in one of three languages.

It follows the UK government's guidance on releasing statistics in spreadsheets: the title of a table stands in its
sheet's first cell, a line below says that there is one table and in what unit, and the table follows at once; no cell is
merged, no row or column empty; each table is a real one with a name; its heads stay in view; shorthand in square
brackets says why a count is not there, never a colour; every sheet is named in the contents, with a link.

Nothing is a formula: what begins like one is written as text. The workbook's date is that of the release, so that the same
publication gives the same bytes.

Source: reference `statistics.md`, section 7 (XLSX).
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from linkage.statistics.cells import Publication
from linkage.statistics.figures import periods
from linkage.statistics.sensitivity import RESTRICTED_TIER
from linkage.statistics.sheets import NOTES, SHORTHAND, Cell, Sheet, sheets
from linkage.statistics.words import Words, read_words, under
from linkage.version import __version__

# Of a release that has no date: a workbook must have one, and the clock's would differ from run to run.
UNDATED = "2000-01-01"
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_WIDEST, _NARROWEST, _LINE, _TITLE_LINE = 42, 10, 15, 21
_PROSE, _COVER = 100, 76
_A3, _A4 = 8, 9


@dataclass(frozen=True)
class _Styles:
    """The formats of a workbook."""

    cover: Format
    title: Format
    plain: Format
    prose: Format
    head: Format
    head_after: Format
    head_number: Format
    text: Format
    after: Format
    number: Format
    year: Format
    ratio: Format
    link: Format


def xlsx(publication: Publication, language: str) -> bytes:
    """The workbook's bytes; the same for the same publication and language.

    Args:
        publication: what is shown. `origin["date"]` (yyyy-mm-dd) dates the workbook, if it is there.
        language: one of `words.LANGUAGES`.

    Raises:
        UsageError: there are no words in this language.
    """
    words = under(read_words(language), publication.protocol)
    bound = sheets(publication, words)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, _OPTIONS) as book:
        book.set_properties(_properties(publication, words))
        styles = _styles(book)
        front = [_contents([*_apart(words), *bound], words), _notes(words), _shorthand(words)]
        _write_cover(book.add_worksheet(words.text("sheet_cover")), publication, words, styles)
        for sheet in (*front, *bound):
            _write(book.add_worksheet(sheet.name), sheet, words, styles)
    return stream.getvalue()


def _properties(publication: Publication, words: Words) -> dict[str, Any]:
    date = publication.origin.get("date") or UNDATED
    return {
        "title": words.code("title", publication.protocol.title),
        "subject": words.text("unit_of_count"),
        "author": f"Headcount {__version__}",
        "comments": words.code("tier", publication.tier),
        "created": datetime.fromisoformat(date).replace(tzinfo=UTC),
    }


def _styles(book: xlsxwriter.Workbook) -> _Styles:
    font = {"font_name": "Arial", "font_size": 11, "valign": "top"}
    head = {**font, "bold": True, "text_wrap": True, "valign": "bottom", "bottom": 2}
    cell = {**font, "bottom": 1, "bottom_color": "#BBBBBB"}
    return _Styles(
        cover=book.add_format({**font, "bold": True, "font_size": 15, "text_wrap": True}),
        title=book.add_format({**font, "bold": True, "font_size": 15}),
        plain=book.add_format(font),
        prose=book.add_format({**font, "text_wrap": True}),
        head=book.add_format(head),
        head_after=book.add_format({**head, "align": "left", "indent": 1}),
        head_number=book.add_format({**head, "align": "right"}),
        text=book.add_format({**cell, "text_wrap": True}),
        after=book.add_format({**cell, "text_wrap": True, "align": "left", "indent": 1}),
        number=book.add_format({**cell, "align": "right", "num_format": "#,##0"}),
        year=book.add_format({**cell, "align": "left", "num_format": "0"}),
        ratio=book.add_format({**cell, "align": "right", "num_format": "0.00"}),
        link=book.add_format({**cell, "underline": 1, "text_wrap": True}),
    )


def _write_cover(page: Worksheet, publication: Publication, words: Words, styles: _Styles) -> None:
    """Title, then one statement a row, all in the first column: a screen reader reads it from top to bottom."""
    title = words.text("release_title", title=words.code("title", publication.protocol.title))
    page.set_column(0, 0, _COVER, styles.prose)
    page.write_string(0, 0, title, styles.cover)
    page.set_row(0, _TITLE_LINE * len(textwrap.wrap(title, _COVER * 2 // 3)))
    for row, line in enumerate(_cover(publication, words), 1):
        page.write_string(row, 0, line, styles.prose)
        page.set_row(row, _height([line], [_COVER]))
    page.hide_gridlines(2)
    _on_paper(page, _COVER)


def _cover(publication: Publication, words: Words) -> list[str]:
    origin, years = publication.origin, periods(set(publication.cells["year"]))
    facts = {
        "cover_tier": words.code("tier", publication.tier),
        "cover_unit": words.text("unit_of_count"),
        "cover_years": "–".join(sorted({min(years)[:4], max(year[-4:] for year in years)})) if years else "",
        "cover_date": str(origin.get("date") or ""),
        "cover_run": str(origin.get("run") or ""),
        "cover_protocol": publication.protocol.id,
        "cover_language": words.code("language", words.language),
        "cover_software": f"Headcount {__version__}",
        "cover_caution": words.text("caution"),
        "cover_privacy": words.text("pseudonymised"),
    }
    lines = [f"{words.text(key)}: {value}" for key, value in facts.items() if value]
    warning = [words.text("caution_restricted")] if publication.tier == RESTRICTED_TIER else []
    return [*lines, *warning, words.text("cover_more")]


def _apart(words: Words) -> list[Sheet]:
    """The sheets of notes and shorthand, which the contents name too."""
    return [_notes(words), _shorthand(words)]


def _contents(bound: Sequence[Sheet], words: Words) -> Sheet:
    heads = (words.text("head_sheet"), words.text("head_title"))
    rows = tuple((sheet.name, sheet.title) for sheet in bound)
    return Sheet("contents", words.text("sheet_contents"), words.text("title_contents"), heads, rows, 1, counts=False, texts=1)


def _notes(words: Words) -> Sheet:
    heads = (words.text("head_note"), words.text("head_text"))
    rows = tuple((note_mark(key, words), words.text(key)) for key in NOTES)
    return Sheet("notes", words.text("sheet_notes"), words.text("title_notes"), heads, rows, 1, counts=False, texts=1)


def _shorthand(words: Words) -> Sheet:
    heads = (words.text("head_shorthand"), words.text("head_meaning"))
    *marks, note = SHORTHAND
    rows = [(mark, words.code("shorthand", mark)) for mark in marks]
    rows.append((note_mark(NOTES[0], words), words.code("shorthand", note)))
    name, title = words.text("sheet_shorthand"), words.text("title_shorthand")
    return Sheet("shorthand", name, title, heads, tuple(rows), 1, counts=False, texts=1)


def note_mark(key: str, words: Words) -> str:
    """A note's number in square brackets."""
    return f"[{words.text('note_mark', number=NOTES.index(key) + 1)}]"


def _write(page: Worksheet, sheet: Sheet, words: Words, styles: _Styles) -> None:
    """The title, what must be known, and the table right below."""
    page.write_string(0, 0, sheet.title, styles.title)
    page.set_row(0, _TITLE_LINE)
    for row, line in enumerate(_above(sheet, words), 1):
        page.write_string(row, 0, line, styles.plain)
    top = len(_above(sheet, words)) + 1
    wide = _widths(sheet)
    for column, (width, head) in enumerate(zip(wide, sheet.heads, strict=True)):
        page.set_column(column, column, width)
        page.write_string(top, column, head, _head_style(sheet, column, styles))
    page.set_row(top, _height(sheet.heads, wide))
    for row, cells in enumerate(sheet.rows, top + 1):
        _write_row(page, row, cells, sheet, styles)
        page.set_row(row, _height(cells, wide))
    _as_table(page, sheet, top, styles)
    page.freeze_panes(top + 1, sheet.named if sum(wide[: sheet.named]) < _PROSE else 1)
    _on_paper(page, sum(wide))
    page.repeat_rows(top)


def _above(sheet: Sheet, words: Words) -> list[str]:
    """The lines between title and table."""
    lines = [words.text("one_table")]
    lines += [words.text("units_persons")] if sheet.counts else []
    if sheet.notes:
        marks = " ".join(note_mark(key, words) for key in NOTES if key in sheet.notes)
        lines.append(words.text("see_notes", notes=marks, sheet=words.text("sheet_shorthand")))
    return lines


def _write_row(page: Worksheet, row: int, cells: Sequence[Cell], sheet: Sheet, styles: _Styles) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, str):
            _write_text(page, row, column, cell, sheet, styles)
        elif column < sheet.named:
            page.write_number(row, column, cell, styles.year)
        else:
            page.write_number(row, column, cell, styles.ratio if isinstance(cell, float) else styles.number)


def _write_text(page: Worksheet, row: int, column: int, cell: str, sheet: Sheet, styles: _Styles) -> None:
    if sheet.key == "contents" and column == 0:
        quoted = cell.replace("'", "''")
        page.write_url(row, column, f"internal:'{quoted}'!A1", styles.link, cell)
    else:
        after = styles.after if column > sheet.named else styles.text
        page.write_string(row, column, cell, styles.number if column in sheet.numbers and cell in SHORTHAND else after)


def _as_table(page: Worksheet, sheet: Sheet, top: int, styles: _Styles) -> None:
    """A real table with a name and a description, without filter buttons or colours."""
    columns = [{"header": head, "header_format": _head_style(sheet, n, styles)} for n, head in enumerate(sheet.heads)]
    last = (top + len(sheet.rows), len(sheet.heads) - 1)
    options = {"name": f"table_{sheet.key}", "columns": columns, "style": None, "autofilter": False, "description": sheet.title}
    page.add_table(top, 0, *last, options)
    page.ignore_errors({"number_stored_as_text": xl_range(top, 0, *last)})


def _head_style(sheet: Sheet, column: int, styles: _Styles) -> Format:
    """Right above numbers, with which shorthand stands; text that follows numbers keeps away from them."""
    if column in sheet.numbers:
        return styles.head_number
    return styles.head_after if column > sheet.named else styles.head


def _widths(sheet: Sheet) -> list[int]:
    """Letters that each column takes: its longest cell, or the longest word of its head, within bounds."""
    widths = []
    for column, head in enumerate(sheet.heads):
        cells = max((len(str(row[column])) for row in sheet.rows), default=0)
        word = max(map(len, head.split()))
        limit = _PROSE if len(sheet.heads) <= 2 else _WIDEST
        widths.append(min(max(cells, word, _NARROWEST), limit) + 2)
    return widths


def _height(cells: Sequence[Cell], widths: Sequence[int]) -> int:
    """Points that a row takes whose longest text is wrapped."""
    longest = ((str(cell), width) for cell, width in zip(cells, widths, strict=True) if len(str(cell)) > width)
    return _LINE * max((len(textwrap.wrap(text, width)) for text, width in longest), default=1)


def _on_paper(page: Worksheet, wide: int) -> None:
    """All columns on one page across: A4, or A3 where there are many."""
    page.set_paper(_A3 if wide > _PROSE * 3 // 2 else _A4)
    page.fit_to_pages(1, 0)
    if wide > _PROSE:
        page.set_landscape()
