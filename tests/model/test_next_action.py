from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.next_action import Instructions, NextAction, PostForm, Redirect, form_action

WEIRD = "https://bank.example/3ds?md=a%2Bb+c&x=%3D&&empty=&pa/req=%E2%82%AC#part"
words = st.text(alphabet="abc=&+% é/?", max_size=8)
pairs = st.lists(st.tuples(words, words), max_size=5)


@pytest.mark.parametrize("method", ["GET", "get"])
def test_a_get_form_without_fields_is_a_link_byte_for_byte(method: str) -> None:
    assert form_action(WEIRD, method, []) == Redirect(WEIRD)
    assert form_action(WEIRD, method, [], framed=True) == Redirect(WEIRD, framed=True)


def test_a_post_form_keeps_its_action_and_its_fields_order() -> None:
    fields = [("creq", "eyJ=="), ("b", "2"), ("a", "1"), ("a", "0"), ("", "")]
    assert form_action(WEIRD, "post", fields) == PostForm(WEIRD, tuple(fields))
    assert form_action(WEIRD, "POST", []) == PostForm(WEIRD, ())


def test_a_get_form_takes_its_actions_query_along() -> None:
    """A browser replaces the action's query by the form's fields."""
    step = form_action("https://bank.example/3ds?md=a%2Bb&empty=&md=2#x", "GET", [("creq", "1")])
    assert step == PostForm(
        "https://bank.example/3ds#x",
        (("md", "a+b"), ("empty", ""), ("md", "2"), ("creq", "1")),
        "GET",
    )


@given(pairs, pairs.filter(bool))
def test_nothing_is_lost_on_the_way(
    query: list[tuple[str, str]], fields: list[tuple[str, str]]
) -> None:
    from urllib.parse import urlencode

    step = form_action(f"https://bank.example/3ds?{urlencode(query)}", "GET", fields)
    assert isinstance(step, PostForm)
    assert step.url == "https://bank.example/3ds"
    assert step.fields == (*query, *fields)
    sent = f"{step.url}?{urlencode(step.fields)}"  # what the browser asks for
    assert parse_qsl(urlsplit(sent).query, keep_blank_values=True) == [*query, *fields]


@pytest.mark.parametrize(
    "step",
    [Redirect(WEIRD, True), PostForm(WEIRD, (("a", "1"),), framed=True),
     Instructions(("Go to the bank",), "30 1234", "0.10000000", "bitcoin:x")],
    ids=lambda step: type(step).__name__,
)  # fmt: skip
def test_steps_are_told_apart_when_kept(step: NextAction) -> None:
    assert msgspec.json.decode(msgspec.json.encode(step), type=NextAction) == step
