"""The Overpay family of protocols: cards, and online payment systems.

api.py       what both share: credentials, envelope, errors, repeated requests
request.py   the parts of a request that both have
cards.py     the card gateway's addresses
card_request.py, card_answer.py   its shapes
follow_up.py  captures, voids, refunds, chargebacks, of both hosts
bank.py      the card issuer's 3-D Secure page
apm.py       the online payment systems' addresses
provider.py  the payment provider's page
"""
