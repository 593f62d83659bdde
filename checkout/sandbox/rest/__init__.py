"""The white-label REST card gateway: tokens, checksums, forms in, JSON or XML out.

gateway.py         its addresses: tokens, payments, inquiries, registrations, payouts
api.py             one call: who calls, what it says, whether its checksum is right
authentication.py  who may call: merchants and their tokens
request.py         reading a request, form or JSON; what a payment needs
response.py        what it answers, in JSON or XML
codes.py           result codes, and the platform's words for where a payment stands
signature.py       the checksums
notification.py    what it sends to `notificationUrl`
transaction.py     a payment
registrations.py   cards that it keeps, payments and payouts by them
operations.py      capture, refund, reversal, the next payment of a series
acs.py             the card issuer's 3-D Secure page, and the gateway's own TermUrl
provider.py        the page of a net bank or wallet
return_url.py      the way back to the shop
settings.py        how it behaves
controls.py        the controls under /sandbox/rest/
"""
