"""Reads a page as a person (or a browser without scripts) would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"input", "meta", "link", "img", "br", "hr"}


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)  # what is sent untouched
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)  # name -> attributes


class Page(HTMLParser):
    """Forms, links, the words, and every tag with its attributes. The picker of languages, which
    every page has, is not among `forms`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.forms: list[Form] = []
        self.picker: Form | None = None
        self.languages: list[str] = []  # that the picker offers
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.headline = ""
        self._in: list[str] = []
        self._select: str | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """The attributes of each such tag; `wanted` by name, with _ for -."""
        values = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [
            found for name, found in self.tags if name == tag and values.items() <= found.items()
        ]

    def form(self, ending: str) -> Form:
        """The first form whose address ends so."""
        return next(form for form in self.forms if form.action.endswith(f"/{ending}"))

    def leaving(self) -> Form:
        """The form that leaves for another site."""
        return next(form for form in self.forms if form.action.startswith("http"))

    @property
    def refresh(self) -> str | None:
        """The address of a <meta refresh>, with its seconds."""
        found = self.all("meta", http_equiv="refresh")
        return found[0]["content"] if found else None

    @property
    def links(self) -> dict[str, dict[str, str]]:
        return {found["href"]: found for found in self.all("a")}

    def errors(self) -> dict[str, str]:
        """The sentence beside each wrong field."""
        return {
            name: self._errors[f"e-{name}"]
            for form in self.forms
            for name, found in form.inputs.items()
            if found.get("aria-invalid") == "true" and found.get("aria-describedby")
        }

    # --- HTMLParser's own -------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag not in VOID:
            self._in.append(tag)
        if tag == "form":
            self._form = Form(found.get("action", ""), found.get("method", "get"))
            if found.get("class") == "language":
                self.picker = self._form
            else:
                self.forms.append(self._form)
        if "form" in self._in:
            self._field(tag, found)
        if tag == "p" and found.get("class") == "error":
            self._error = found["id"]

    def _field(self, tag: str, found: dict[str, str]) -> None:
        form, name = self._form, found.get("name", "")
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and "selected" in found:
            form.fields[self._select] = found.get("value", "")  # or its text: below
        if tag in ("input", "select") and name:
            radio = found.get("type") in ("radio", "checkbox")
            if not radio or "checked" in found:
                form.fields.setdefault(name, found.get("value", ""))
            if not radio or name not in form.inputs:
                form.inputs[name] = found

    _error = ""

    @property
    def _errors(self) -> dict[str, str]:
        found: dict[str, str] = self.__dict__.setdefault("_found_errors", {})
        return found

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            pass
        if tag == "p":
            self._error = ""
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._in and self._in[-1] in ("script", "style"):
            return
        self.words.append(data)
        if self._select == "language" and data.strip():
            self.languages.append(data.strip())
            if "selected" in self.tags[-1][1]:
                self._form.fields["language"] = data.strip()
        if "h1" in self._in:
            self.headline += data
        if self._error:
            self._errors[self._error] = self._errors.get(self._error, "") + data
