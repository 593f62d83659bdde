"""An exchanger that pays shops out: its API, its pages and its notifications.

api.py       the addresses of its API
request.py   what a new order has to say
answer.py    how an order is told
order.py     an order and where it may go
routes.py    what it exchanges, and how the customer pays each
desk.py      moving orders: by the customer, by themselves, by a control
pages.py     the pages that customers see
"""
