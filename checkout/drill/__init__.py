"""The classic disasters of paying, tried on a shop through its own addresses.

shop.py          the shop: how an order is started there, and how its state is asked
customer.py      a customer without a browser: opens pages, fills in the form, comes back
webhooks.py      webhooks to the shop: genuine ones, when the drill likes; forged ones
scenario_run.py  one scenario under way: its orders, and what happens to them
checks.py        what the shop should have done, and what it did
scenarios.py     the table of scenarios
run.py           all of them in turn, over a checkout and gateways of the drill's own
server.py        that checkout: as it is, but webhooks wait in the outbox for the drill
"""
