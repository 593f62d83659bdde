from tests.gateways.kit import Conformance
from tests.gateways.overpay_side import OverpaySide


class TestOverpayCards(Conformance):
    adapter = "overpay_cards"
    side = OverpaySide()
