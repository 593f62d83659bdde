from tests.gateways.kit import Conformance
from tests.gateways.overpay.side import OverpaySide


class TestOverpayCards(Conformance):
    adapter = "overpay_cards"
    side = OverpaySide()
