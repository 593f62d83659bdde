"""The classic disasters of paying, tried on a shop through its own addresses.

shop.py        the shop: how an order is started there, and how its state is asked
customer.py    a customer without a browser: opens pages, fills in the form, comes back
post.py        letters to the shop: genuine ones, when the drill likes; forged ones
scene.py       one disaster under way: its orders, and what the shop should have done
disasters.py   the table of disasters
run.py         all of them in turn, over a checkout and gateways of the drill's own
server.py      that checkout: as it is, but letters wait in the outbox for the drill
"""
