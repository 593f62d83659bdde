"""The shop's API over HTTP.

checkouts          a payment is made and read
transactions       captured, voided, refunded; any transaction is read
tracking_id        transactions are read by the shop's own name for them
merchant_initiated a saved card is charged or paid to with no customer present
app_payments       paying from the shop's own app
products           links that many customers use
invoices           links that are mailed
authentication     who calls: a shop's server, its app, the operator
password_throttle  wrong passwords are slowed down
family_addresses   the family's other addresses
paging             the pages of a list
schema             helpers that describe an address
document           /schema: all of it in one document
"""
