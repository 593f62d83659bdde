"""The drill: scenarios in which shops' integrations fail, run against a shop through its addresses.

shop.py          the shop: starting an order, reading its state
customer.py      a customer without a browser: opens pages, fills in the form, comes back
webhooks.py      webhooks to the shop: genuine and forged
scenario_run.py  one scenario under way: its orders, and what happens to them
checks.py        what the shop should have done, and what it did
scenarios.py     the table of scenarios
run.py           runs them all, over a checkout and gateways of the drill's own
server.py        that checkout: its webhooks stay in the outbox, for the drill to deliver
"""
