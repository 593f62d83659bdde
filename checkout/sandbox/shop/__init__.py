"""A sample shop: what a merchant's own server does to take payments through checkout.

app.py              create_shop: the wiring
shop.py             what its routes share
config.py           its settings
orders.py           orders, and the rule that only a verified notification changes them
notification.py     verifying a notification: signature over the raw bytes, Basic, the right order
signed_result.py    verifying the signed result that customers come back with
checkout_client.py  the calls to checkout
basket.py           products, prices, languages
pages.py            its web pages
integrations.py     every way to integrate checkout, side by side, with its code
api.py              orders as JSON, for tests, and the address of notifications
"""
