"""The verbs of the customer's story: create, open, pay, look, come back, cancel, be told.

verbs     what the pages, the API and the commands call
record    the transactions behind them, one function each
methods   which ways to pay an order offers
operations  capture, void, refund
sweep     what happens although nobody watches
edge      what of a gateway's answer is not kept
courier   the shop's letters on their way
counts    what is counted for the operator
pace      every figure in seconds
"""
