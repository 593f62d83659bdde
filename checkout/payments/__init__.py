"""The verbs of the customer's payment: create, open, pay, look, come back, cancel, be told.

verbs     what the pages, the API and the commands call
record    the transactions behind them, one function each
methods   which of the shop's methods an order can be paid by
offered_methods  the same, with all that pages and apps need to know of each
operations  capture, void, refund
sweep     what happens although nobody watches
edge      what of a gateway's answer is not kept
courier   the shop's webhooks on their way
counts    what is counted for the operator
pace      every figure in seconds
"""
