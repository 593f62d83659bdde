"""The white-label REST card gateway: tokens, checksums, forms in, JSON or XML out.

api.py          its addresses: tokens, payments, inquiries, registrations, payouts
merchants.py    who may call: tokens and secure keys
request.py      reading a request, form or JSON; what a payment needs
transaction.py  a payment, and the platform's words for where it stands
answer.py       what it says, in JSON or XML; the notification
tokens.py       registrations, payments and payouts by them
follow_up.py    capture, refund, reversal, inquiry, the next payment of a series
bank.py         the card issuer's 3-D Secure page, and the gateway's own TermUrl
provider.py     the page of a net bank or wallet
back.py         the way back to the shop
switches.py     the controls under /sandbox/rest/
"""
