from checkout.gateways.overpay.cards import _billing_address
from checkout.model.order import Customer
from tests.gateways.kit import Conformance
from tests.gateways.overpay.side import OverpaySide


class TestOverpayCards(Conformance):
    adapter = "overpay_cards"
    side = OverpaySide()


def test_an_address_is_cut_between_characters() -> None:
    """Older orders, and customers on the page, may have more than the document takes."""
    long = Customer(first_name="x" * 29 + "e\u0301", city="y" * 61, zip="10001")
    assert _billing_address(long) == {"first_name": "x" * 29, "city": "y" * 60, "zip": "10001"}
