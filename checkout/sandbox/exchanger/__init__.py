"""An exchanger that pays shops out: its API, its pages and its notifications.

gateway.py       the addresses of its API
request.py       what a new order has to say
response.py      what it answers: an order, a route
codes.py         the status words of orders
signature.py     what proves a notification
notification.py  what it sends to `ipnUrl`
order.py         an order
routes.py        what it exchanges, and how the customer pays each
transitions.py   moving orders: by the customer, by themselves, by a control
pages.py         the pages that customers see
settings.py      how it behaves
controls.py      the controls under /sandbox/exchanger/
"""
