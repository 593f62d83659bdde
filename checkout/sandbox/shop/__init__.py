"""A sample shop: what a merchant's own server does to take payments through checkout.

app.py       create_shop: the wiring
config.py    its settings
orders.py    orders, and the rule that only verified news changes them
news.py      checking a notification: signature over the raw bytes, Basic, the right order
results.py   checking the signed result that customers come back with
api.py       the calls to checkout
basket.py    products, prices, languages
pages.py     its web pages
ways.py      every way to pay, side by side, with its code
routes.py    the same as JSON, for tests, and the address of notifications
"""
