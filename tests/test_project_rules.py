"""Rules that no single module can hold: who may name a gateway, what templates may ask for, and
that every word a status, a reason or an error needs is there."""

from __future__ import annotations

import ast
import pkgutil
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, get_args, get_type_hints

import grimp
import jinja2
import msgspec
import pytest
from jinja2 import nodes

from checkout import errors
from checkout.gateways import built_in
from checkout.model.order import KINDS
from checkout.model.outcome import DeclineReason
from checkout.model.status import FINAL, LIVE, MOVES, OUTWARD, Status
from checkout.web.invoice_mail import InvoiceMail
from checkout.web.mail import MailLayout
from checkout.web.pages import declines, messages
from checkout.web.pages.layout import Layout
from checkout.web.pages.order_lines import LinesView
from checkout.web.pages.payment_request import PAGE
from checkout.web.pages.wait import StatusView
from checkout.web.receipt_mail import ReceiptMail
from checkout.web.render import Assets, Renderer
from checkout.web.summary_mail import SummaryMail
from tests.gallery import STATES, states
from tests.support.servers import ROOT

CODE = ROOT / "checkout"
TEMPLATES = ROOT / "templates"
PAGE_MODULES = [path.stem for path in (CODE / "web" / "pages").glob("[a-z]*.py")]

# --- Nobody but the gateways' own rooms names one ------------------------------------------------

PACKAGES = {path.parent.name for path in (CODE / "gateways").glob("*/__init__.py")}
# The documents name four; those that are not built yet are names already.
NAMES = {"overpay_cards", "overpay_apm", "rest", "exchanger"} | set(built_in()) | PACKAGES
AT_HOME = ("gateways/", "sandbox/")
SETTINGS_EXAMPLE = "local_servers.py"  # a settings file, as a shop would write it


def sources() -> list[Path]:
    return [
        path
        for path in sorted(CODE.rglob("*.py"))
        if not path.relative_to(CODE).as_posix().startswith(AT_HOME)
    ]


def docstrings(tree: ast.AST) -> set[int]:
    """The ids of the constants that are docstrings."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


# A family's name is as good as an adapter's: "overpay_" + kind. "rest" is a word of English too, so
# it counts alone, behind a dot or slash (a module's path), and as an adapter in a settings text.
FAMILIES = sorted({name.partition("_")[0] for name in NAMES} - {"rest"})
NAMED = rf"(?<![a-z])(?:{'|'.join(FAMILIES)})(?![a-z])"
SAID = re.compile(rf"{NAMED}|(?:^|[./])rest(?:$|[./_])|= \"rest\"", re.IGNORECASE)


def _says(value: object) -> bool:
    return isinstance(value, str) and (value in NAMES or SAID.search(value) is not None)


def namings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where the code imports an adapter or has its name as a text."""
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if NAMES & set(alias.name.split(".")):
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            parts = {*(node.module or "").split("."), *(alias.name for alias in node.names)}
            if parts & NAMES:
                yield node.lineno, f"from {node.module}"
        elif isinstance(node, ast.Constant) and id(node) not in skipped and _says(node.value):
            yield node.lineno, repr(node.value)
        elif isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in NAMES - {"rest"}:
                yield node.lineno, name


def test_the_search_finds_what_it_looks_for() -> None:
    code = (
        '"""rest"""\n'
        "import checkout.gateways.overpay.cards\n"
        "from checkout.gateways.overpay import apm\n"
        'x = {"rest": 1}\n'
        "y = gateways.exchanger\n"
        'z = "the rest of it"\n'
        'a = f"overpay_{kind}"\n'
        'b = import_module("checkout.gateways.rest")\n'
        'c = "By an Exchanger"\n'
        'd = name.startswith("rest_")\n'
    )
    assert {line for line, _ in namings(ast.parse(code))} == {2, 3, 4, 5, 7, 8, 9, 10}
    assert len(sources()) > 40


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(CODE).as_posix())
def test_no_adapter_is_named(path: Path) -> None:
    found = list(namings(ast.parse(path.read_text())))
    if path == CODE / SETTINGS_EXAMPLE:
        # There they stand in the text of a settings file and nowhere else.
        (text,) = found
        assert 'adapter = "' in text[1]
        found = []
    assert not found


def test_templates_and_scripts_name_no_adapter() -> None:
    """Pages ask what a gateway can do. "rest" is a word of CSS and scripts."""
    for path in (*TEMPLATES.rglob("*.html"), *(ROOT / "static").glob("*/*.[cj]s*")):
        if "vendor" not in path.parts:
            assert not re.search(NAMED, path.read_text(), re.IGNORECASE), path


def test_adapters_do_not_know_each_other() -> None:
    """Neither by an import, however far around, nor by a text: each package names its own alone."""
    rooms = "checkout.gateways."
    graph = grimp.build_graph("checkout", cache_dir=None)
    for name in PACKAGES:
        others = tuple(rooms + other for other in PACKAGES - {name})
        known = graph.find_upstream_modules(rooms + name, as_package=True)
        assert len(known) > 5
        assert not [module for module in known if module.startswith(others)], name
        for path in (CODE / "gateways" / name).glob("*.py"):
            found = {said for _, said in namings(ast.parse(path.read_text()))}
            assert not [said for said in found if said.removeprefix("from ").startswith(others)], (
                path
            )


# --- The sandbox stands apart --------------------------------------------------------------------

LAZY = {
    "cli/sandbox.py": "from checkout.sandbox.serve import run",
    "local_servers.py": "from checkout.sandbox.serve import run_shop",
}
"""Who starts the sandbox: a command, and the code of a process of its own."""


def test_two_lines_name_the_sandbox() -> None:
    """As an import or as a text; neither is run when its module is imported."""
    found = {
        path.relative_to(CODE).as_posix(): line
        for path in sources()
        for line in path.read_text().splitlines()
        if "checkout.sandbox" in line
    }
    assert found.keys() == LAZY.keys()
    assert all(expected in found[name] for name, expected in LAZY.items())
    assert not re.search(r"^(from|import)\b", "\n".join(found.values()), re.MULTILINE)
    for path in sources():
        assert not re.search(r"from checkout import .*\bsandbox\b", path.read_text()), path


def test_the_sandbox_loads_nothing_else_of_ours() -> None:
    rooms = pkgutil.walk_packages([str(CODE / "sandbox")], "checkout.sandbox.")
    code = (
        "import importlib, sys\n"
        f"for name in {[each.name for each in rooms]}: importlib.import_module(name)\n"
        "print(*(name for name in sys.modules if name.startswith('checkout.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    assert len(loaded) > 40
    assert [name for name in loaded if not f"{name}.".startswith("checkout.sandbox.")] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("checkout", cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert len(imports) > 300
    TopologicalSorter(imports).prepare()  # raises CycleError, which tells the circle


# --- Templates ask for what their view has ------------------------------------------------------


def view_of(page: str) -> Any:
    """The struct of a page: `RedirectPage` in the module `redirect`, for `pages/redirect.html`."""
    return getattr(import_module(f"checkout.web.pages.{page}"), f"{page.capitalize()}Page")


VIEWS: dict[str, dict[str, Any]] = {
    **{
        f"pages/{path.stem}.html": {"page": view_of(path.stem)}
        for path in (TEMPLATES / "pages").glob("*.html")
    },
    "partials/status.html": {"status": StatusView},
    "partials/order_lines.html": {"view": LinesView},
    "mail/base.html": {"layout": MailLayout},
    "mail/invoice.html": {"mail": InvoiceMail, "layout": MailLayout},
    "mail/receipt.html": {"mail": ReceiptMail, "layout": MailLayout},
    "mail/summary.html": {"mail": SummaryMail, "layout": MailLayout},
    "base.html": {},
}


def environment() -> jinja2.Environment:
    found = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    found.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return found


def fields(view: Any) -> dict[str, Any]:
    """The fields of a view with their types; of "X | None" those of X."""
    for each in (view, *get_args(view)):
        if hasattr(each, "__struct_fields__"):
            return get_type_hints(each)
    return {}


def asked(tree: nodes.Template, roots: dict[str, Any]) -> Iterator[tuple[int, str, bool]]:
    """Each `page.a.b` of a template, and whether the views have it."""
    for node in tree.find_all(nodes.Getattr):
        path, inner = [node.attr], node.node
        while isinstance(inner, nodes.Getattr):
            path.append(inner.attr)
            inner = inner.node
        if not isinstance(inner, nodes.Name) or inner.name not in roots:
            continue
        kind, there = roots[inner.name], True
        for name in reversed(path):
            known = fields(kind)
            if not known:
                break  # a plain value: its methods are Jinja's business
            there = there and name in known
            kind = known.get(name)
        yield node.lineno, ".".join([inner.name, *reversed(path)]), there


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_what_a_template_asks_for_exists(name: str) -> None:
    tree = environment().parse((TEMPLATES / name).read_text())
    roots = {"layout": Layout} | VIEWS[name]
    found = list(asked(tree, roots))
    assert found
    assert not [(line, path) for line, path, there in found if not there]


def test_every_page_has_a_view_and_every_view_a_page() -> None:
    pages = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    assert {name for name in pages if not name.startswith("macros/")} == set(VIEWS)
    shown = {view for roots in VIEWS.values() for view in roots.values()}
    modules = map(import_module, (f"checkout.web.pages.{name}" for name in PAGE_MODULES))
    declared = {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, msgspec.Struct)
        and each.__name__[-4:] == "Page"
    }
    assert declared <= shown


def test_every_field_of_a_view_is_shown_somewhere() -> None:
    """A field that no template asks for is work for nothing."""
    texts = "\n".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    unused = {
        f"{view.__name__}.{name}"
        for roots in VIEWS.values()
        for view in (*roots.values(), Layout)
        for name in fields(view)
        if not re.search(rf"\.{name}\b", texts)
    }
    assert unused <= {"ErrorPage.status", "Layout.frame"}


# --- Every state can be drawn -------------------------------------------------------------------


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Assets())


@pytest.mark.parametrize("name", sorted(STATES))
def test_every_state_renders(renderer: Renderer, name: str) -> None:
    """In each language, strictly: an undefined name is an error."""
    for language in ("en", "de", "ru"):
        template, page, layout = states(language)[name]
        shown = renderer(template, language, page=page, layout=layout, nonce="bm9uY2U")
        assert shown.lstrip().startswith("<!doctype html>")
        assert shown.rstrip().endswith("</html>")
        assert "\ue000" not in shown  # a hole that nobody filled
        assert " style=" not in shown
        assert not re.search(r"\son\w+=", shown)


def test_every_template_is_drawn_by_some_state() -> None:
    drawn = {template for template, _, _ in STATES.values()}
    assert drawn == {name for name in VIEWS if name.startswith("pages/")}


# --- Words for everything -----------------------------------------------------------------------


def tree(root: type[errors.CheckoutError]) -> Iterator[type[errors.CheckoutError]]:
    yield root
    for each in root.__subclasses__():
        yield from tree(each)


def test_every_status_has_its_page_and_words() -> None:
    of_payments = set(Status) - {Status.SUBMITTING, Status.NOT_SENT, Status.ACCEPTED}
    assert set(PAGE) == of_payments
    assert set(messages.STATUS) == of_payments
    assert set(OUTWARD) == set(Status) - {Status.NOT_SENT, Status.ACCEPTED}
    assert set(MOVES) == set(Status)
    assert {status for status, page in PAGE.items() if page == "result"} == FINAL
    assert {PAGE[status] for status in LIVE & of_payments} == {"wait", "redirect"}


def test_every_reason_has_words() -> None:
    assert set(declines.CAUSE) == set(DeclineReason)
    for cause in (*declines.CAUSE.values(), declines.UNFINISHED):
        assert cause.tone in ("bad", "info")
        for kind, open_, ways in product(KINDS, (True, False), (True, False)):
            found = declines.explain(cause, kind, sent=True, open_=open_, several=ways)
            assert found.title
            assert not found.title.endswith(".")
            assert found.sentences
            assert all(sentence.endswith(".") for sentence in found.sentences)


def test_every_error_has_a_page() -> None:
    statuses = {each.status for each in tree(errors.CheckoutError)}
    # Those for machines alone: shops' credentials and fields.
    assert statuses - {303, 401, 422} <= set(messages.ERROR)


def test_the_errors_are_drawn_in_their_docstring() -> None:
    drawing = errors.__doc__ or ""
    for each in tree(errors.CheckoutError):
        if each.__module__ == errors.__name__:
            assert each.__name__ in drawing
            assert str(each.status) in drawing


# --- Small things -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(CODE).as_posix())
def test_no_unfinished_business(path: Path) -> None:
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", token.string), token.start


def test_litestars_form_parser_is_never_used() -> None:
    """It keeps the last thousand bodies, cards and all."""
    for path in sources():
        code = path.read_text()
        words_ = ("request.form(", "URLEncodedBody", "RequestEncodingType", "CSRFConfig",
                  "request.url.", "request.query_params")  # fmt: skip
        lines = [line for line in code.splitlines() if not line.lstrip().startswith(("#", '"""'))]
        assert not [line for line in lines for word in words_ if word in line], path


# --- Ending --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted(CODE.rglob("*.py")), ids=lambda path: path.relative_to(CODE).as_posix()
)
def test_nobody_waits_by_what_may_swallow_the_end(path: Path) -> None:
    """`asyncio.wait_for` may lose a cancellation that comes with what it waits for; the same is
    said by `asyncio.timeout`, which doesn't."""
    found = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr == "wait_for"
        and isinstance(node.value, ast.Name)
        and node.value.id == "asyncio"
    ]
    assert found == []


# --- Pages and style sheets are written to be read -----------------------------------------------

LONGEST_LINE = 120  # characters
# Not vendor/, which is others', and not widget/, whose lines are served as they stand: shops pin
# its script by its hash, and a line that is broken is another hash.
WRITTEN = sorted(
    path
    for folder in (TEMPLATES, ROOT / "static" / "css", ROOT / "static" / "js")
    for path in folder.rglob("*.*")
)
SHEETS = [path for path in WRITTEN if path.suffix == ".css"]


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def crowded(sheet: str) -> list[str]:
    """The lines of a style sheet that hold more than one selector's brace or one declaration."""
    code = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    code = re.sub(r'"[^"]*"|\([^()]*\)', "", code)  # `;` and `{` in a text or in url() are neither
    return [line for line in code.splitlines() if re.search(r"[{;}]\s*\S", line)]


def test_crowded_lines_are_found() -> None:
    good = "/* a; b; */\na:hover,\nb {\n  color: red;\n  background: url(a;b);\n}\n"
    assert crowded(good) == []
    for bad in ("a { color: red;\n}", "a {\n  color: red; margin: 0;\n}", "a {\n  margin: 0; }"):
        assert len(crowded(bad)) == 1


@pytest.mark.parametrize("path", WRITTEN, ids=_named)
def test_no_line_is_too_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert not [n for n, line in enumerate(lines, 1) if len(line) > LONGEST_LINE]


@pytest.mark.parametrize("path", SHEETS, ids=_named)
def test_a_style_sheet_says_one_thing_a_line(path: Path) -> None:
    assert crowded(path.read_text(encoding="utf-8")) == []
