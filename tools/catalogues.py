"""The catalogues of texts: `python -m tools.catalogues COMMAND [CODE ...]`; no code: all languages.

new CODE    write the catalogue of a language of `checkout.i18n.NAMES`, to be filled in
update      add the texts that are new, take out those that nobody shows any more
missing     print the texts that are not translated yet
check       print what is wrong with the translations; exit 1 where anything is
"""

from __future__ import annotations

import argparse
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any, Final

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from checkout.i18n import CATALOGUES, LANGUAGES, NAMES, SOURCE, locale

ROOT: Final = Path(__file__).resolve().parent.parent
KEYWORDS: Final = {**DEFAULT_KEYWORDS, "N_": None}  # marked where it stands, translated when shown
HEADER: Final = """\
# {name} texts of the payment pages. A message id is the English text.
#
msgid ""
msgstr ""
"Project-Id-Version: checkout 1\\n"
"Last-Translator: The checkout authors\\n"
"Language: {code}\\n"
"Language-Team: {name}\\n"
"Plural-Forms: nplurals={count}; plural={rule};\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""
Id = str | tuple[str, ...]


def path_of(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


@cache
def extracted() -> dict[Id, set[str]]:
    """Every text that Babel finds by babel.cfg: message id -> the files it stands in."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[Id, set[str]] = {}
    for name, _line, text, _comments, context in extract_from_dir(
        str(ROOT), methods, options, keywords=KEYWORDS, directory_filter=_ours
    ):
        assert context is None, "the catalogues are read without contexts"
        found.setdefault(text, set()).add(name)
    return found


def _ours(folder: str) -> bool:
    """babel.cfg names only these; the rest need not be walked through."""
    top = Path(folder).relative_to(ROOT).parts[0]
    return top in ("checkout", "templates") and Path(folder).name != "__pycache__"


@cache
def catalogue(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=str(locale(language)), abort_invalid=True)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def each(found: str | Sequence[str] | None) -> Sequence[str]:
    """One form, or the forms by number."""
    return (found or "",) if isinstance(found, str | None) else found


def missing(language: str) -> list[Id]:
    """The texts that the language lacks; "es-419" holds only what it says otherwise than "es"."""
    if "-" in language:
        return []
    said = {each(message.id)[0]: message for message in messages(language)}
    return [
        text
        for text in extracted()
        if not all(each(said[each(text)[0]].string if each(text)[0] in said else None))
    ]


def left_over(language: str) -> list[str]:
    """What nobody shows any more."""
    known = {each(text)[0] for text in extracted()}
    ids = [each(message.id)[0] for message in messages(language)]
    return [text for text in ids if text not in known]


# --- What is wrong with a translation -------------------------------------------------------------

PLACEHOLDER: Final = re.compile(r"%\((\w+)\)[sd]|%%|%|\{\w*\}")
NUMBER: Final = "%(num)d"
# What is written so in every language, and examples.
INTERNATIONAL: Final = re.compile(
    r"\w+@example\.com|JavaScript|3-D Secure|Apple Pay|Google Pay|PDF|QR|SBP|CVC|CVV|ERIP|CPF|NY"
)
# The share of a language's letters is of this script; others are written in Latin ones.
SCRIPTS: Final[Mapping[str, str | tuple[str, ...]]] = {
    "ar": "ARABIC", "fa": "ARABIC", "ur": "ARABIC", "he": "HEBREW", "ka": "GEORGIAN",
    "bn": "BENGALI", "be": "CYRILLIC", "kk": "CYRILLIC", "ru": "CYRILLIC", "tg": "CYRILLIC",
    "uk": "CYRILLIC", "zh": "CJK", "ja": ("CJK", "HIRAGANA", "KATAKANA"),
}  # fmt: skip
# Letters that a language does not have; what writes them meant another language or another letter.
FOREIGN: Final = {
    "be": "ищъИЩЪ", "uk": "ыёэъЫЁЭЪ", "ru": "іїєґўІЇЄҐЎ", "tg": "щыьцЩЫЬЦ", "kk": "ґєїўҐЄЇЎ",
    "fa": "يكة", "ur": "يكة", "ro": "şţŞŢ", "az": "wW", "tr": "wWxXqQ", "zh": "們這個請選擇銀",
}  # fmt: skip
STOPS: Final = {"zh": "。…！", "ja": "。…！", "bn": "।…!", "ur": "۔…!"}
ABBREVIATED: Final = re.compile(r"(?<=\bdvs)\.$")  # no stop: Romanian for "your", politely
# A text may be so much longer than the English one: places are as wide as these need.
LONGER, MORE = 1.8, 16
WIDE: Final = 0.55  # a wide letter's share of two narrow ones


@cache
def plural_numbers(language: str) -> list[set[int]]:
    """By plural form, the numbers up to 200 that take it."""
    found: list[set[int]] = [set() for _ in range(catalogue(language).num_plurals)]
    form = c2py(catalogue(language).plural_expr)
    for number in range(200):
        found[form(number)].add(number)
    return found


Check = Callable[[str, str, str], str | None]  # (language, English, translation) -> what is wrong


def _markup(language: str, source: str, text: str) -> str | None:
    """They are put into templates as they are, also between quotation marks."""
    if re.search(r'[<>"&\\`]|\{\{|\{%', text):
        return "holds markup or a straight quotation mark"
    if "'" in text:
        return "has a straight apostrophe: write ’"
    return None


def _spaces(language: str, source: str, text: str) -> str | None:
    if (text[:1].isspace(), text[-1:].isspace()) != (source[:1].isspace(), source[-1:].isspace()):
        return "begins or ends with a space"
    return "has two spaces" if "  " in text else None


def _stop(language: str, source: str, text: str) -> str | None:
    """A sentence stays one, a label a label; what is asked may also be told."""
    stops, text = STOPS.get(language, ".!…"), ABBREVIATED.sub("", text)
    if source.endswith("?") or (text[-1:] in stops) == (source[-1:] in ".!…"):
        return None
    return "ends as a sentence, and is none" if text[-1:] in stops else f"needs its {stops[0]}"


def _dashes(language: str, source: str, text: str) -> str | None:
    if "..." in text:
        return "write … for three dots"
    return "has a hyphen for a dash" if re.search(r"\s-\s", text) else None


def _marks(language: str, source: str, text: str) -> str | None:
    """`checkout.i18n` isolates what is filled in."""
    odd = [letter for letter in text if unicodedata.category(letter) in ("Cf", "Cc", "Co")]
    kept = "\u200c" if language == "fa" else ""  # joins no letters, within words
    return "has an invisible character" if set(odd) - set(kept) else None


def _brackets(language: str, source: str, text: str) -> str | None:
    same = [text.count(mark) for mark in "[]"] == [source.count(mark) for mark in "[]"]
    return None if same else "keep the [brackets]"


def _french(language: str, source: str, text: str) -> str | None:
    if language != "fr":
        return None
    if re.search(r"(?<![\u00a0\u202f])[?!;:»]|«(?![\u00a0\u202f])", text):
        return "a no-break space stands before : ; ? ! and inside « »"
    return None


def _length(language: str, source: str, text: str) -> str | None:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    width = len(text) + wide * WIDE
    most = LONGER * len(source) + MORE
    return f"is too long: {width:.0f}, at most {most:.0f}" if width > most else None


def _script(language: str, source: str, text: str) -> str | None:
    wanted = SCRIPTS.get(language.partition("-")[0], "LATIN")
    plain = INTERNATIONAL.sub("", PLACEHOLDER.sub("", text))
    letters = [letter for letter in plain if letter.isalpha()]
    scripts = [unicodedata.name(letter, "") for letter in letters]
    ours = sum(name.startswith(wanted) for name in scripts)
    allowed = 0.6 if wanted != "LATIN" else 1
    if letters and len(letters) > 4 and ours < allowed * len(letters):
        return "is not in the language's script"
    strange = set(FOREIGN.get(language, "")) & set(plain)
    return f"has letters of another language: {''.join(sorted(strange))}" if strange else None


CHECKS: Final[tuple[Check, ...]] = (
    _markup, _spaces, _stop, _dashes, _marks, _brackets, _french, _length, _script,
)  # fmt: skip


def _placeholders(language: str, message: Message) -> Iterator[str]:
    """The same in every form; the number may be a word where a form is of one number alone."""
    wanted = sorted(match[0] for match in PLACEHOLDER.finditer(each(message.id)[-1]))
    numbers = plural_numbers(language)
    for place, text in enumerate(each(message.string)):
        found = sorted(match[0] for match in PLACEHOLDER.finditer(text))
        single = isinstance(message.id, tuple) and len(numbers[place]) == 1
        if text and found != wanted and not (single and [*found, NUMBER] == wanted):
            yield f"has {found}, not {wanted}"


def findings(language: str) -> list[str]:
    """What is wrong with a catalogue, a line each."""
    found = []
    for message in messages(language):
        source = each(message.id)[-1]
        wrong = list(_placeholders(language, message))
        if isinstance(message.id, tuple) and len(each(message.string)) != len(
            plural_numbers(language)
        ):
            wrong.append(f"needs {len(plural_numbers(language))} forms")
        for text in each(message.string):
            if text:
                wrong += filter(None, (check(language, source, text) for check in CHECKS))
        found += [f"{source!r}: {' | '.join(each(message.string))!r}: {why}" for why in wrong]
    return found


# --- The commands ---------------------------------------------------------------------------------


def _block(text: Id, forms: int) -> str:
    if isinstance(text, str):
        return f'msgid "{text}"\nmsgstr ""\n'
    one, many = text
    strings = "".join(f'msgstr[{number}] ""\n' for number in range(forms))
    return f'msgid "{one}"\nmsgid_plural "{many}"\n{strings}'


def new(language: str) -> None:
    if path_of(language).exists():
        raise SystemExit(f"{path_of(language)} is there already")
    plural = get_plural(str(locale(language)))
    header = HEADER.format(
        name=locale(language).get_display_name("en"), code=language,
        count=plural.num_plurals, rule=plural.plural_expr,
    )  # fmt: skip
    blocks = [header, *(_block(text, plural.num_plurals) for text in sorted_texts())]
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    path_of(language).write_text("\n".join(blocks), encoding="utf-8")


def sorted_texts() -> list[Id]:
    """File by file, so that what stands together is translated together."""
    return sorted(extracted(), key=lambda text: (min(extracted()[text]), each(text)[0]))


def update(language: str) -> None:
    path = path_of(language)
    text = path.read_text(encoding="utf-8").rstrip("\n")
    blocks = text.split("\n\n")
    gone = set(left_over(language))
    kept = [block for block in blocks if _id_of(block) not in gone]
    there = {_id_of(block) for block in kept}
    forms = catalogue(language).num_plurals
    kept += [
        _block(text, forms).rstrip("\n") for text in sorted_texts() if each(text)[0] not in there
    ]
    if language == "fr":
        kept = [_french_spaces(block) for block in kept]
    path.write_text("\n\n".join(kept) + "\n", encoding="utf-8")


def _french_spaces(block: str) -> str:
    """No line begins with a mark: a plain blank before one becomes a narrow no-break space, a
    no-break one before a colon."""
    lines = (
        re.sub(" (?=[?!;])", "\u202f", re.sub(" (?=[:»])|(?<=«) ", "\u00a0", line))
        if line.startswith("msgstr")
        else line
        for line in block.split("\n")
    )
    return "\n".join(lines)


def _id_of(block: str) -> str:
    found = re.search(r'^msgid ((?:".*"\n?)+)', block, re.MULTILINE)
    return "".join(re.findall(r'"(.*)"', found[1])) if found else ""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("new", "update", "missing", "check"))
    parser.add_argument("code", nargs="*", choices=[*NAMES, []])
    options = parser.parse_args()
    say: Callable[[str], Any] = sys.stdout.write
    wrong = 0
    for language in options.code or sorted(set(LANGUAGES) - {SOURCE}):
        if options.command == "new":
            new(language)
        elif options.command == "update":
            update(language)
        else:
            lines = (
                findings(language)
                if options.command == "check"
                else [each(text)[0] for text in missing(language)]
            )
            wrong += len(lines)
            say("".join(f"{language}: {line}\n" for line in lines))
    return 1 if wrong and options.command == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
