from tests.gateways.kit import Conformance
from tests.gateways.overpay_side import OverpaySide


class TestOverpayApm(Conformance):
    adapter = "overpay_apm"
    side = OverpaySide()
