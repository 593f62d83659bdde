"""The Overpay family of gateways: cards, and online payment systems.

cards.py, apm.py  the addresses of each
card_request.py, card_response.py, card_transaction.py    what cards have of their own
apm_response.py, apm_transaction.py, methods.py           what online payment systems have
api.py            the calls that both have: creating, idempotency, querying
request.py        the parts of a request that both have
response.py       answers and errors
codes.py          words of the bank's answer
signature.py      the key that signs notifications
notification.py   a notification
transaction.py    what both keep of a transaction
operations.py     captures, voids, refunds, chargebacks
payouts.py        credits and payouts
card_fields.py    a card's number, name and date, of a payment or of a card to keep
saved_cards.py    cards that the gateway keeps, and /credit_cards
additional_data.py, travel.py    the rest of a card request
acs.py            the card issuer's 3-D Secure page
provider.py       the payment provider's page, and the cash desk of ERIP
"""
