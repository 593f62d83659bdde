from tests.gateways.kit import Conformance
from tests.gateways.overpay.side import OverpaySide


class TestOverpayApm(Conformance):
    adapter = "overpay_apm"
    side = OverpaySide()
