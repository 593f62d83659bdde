"""The shop's API over HTTP.

checkouts          a payment is made and read
transactions       captured, voided, refunded; any transaction is read
merchant_initiated a saved card charged, or sent money to, with no customer present
app_payments       paying from the shop's own app
products           links that many buyers use
invoices           links that are mailed
authentication     who calls
password_throttle  wrong passwords are slowed down
paging             the pages of a list
schema             how an address is described
document           /schema: all of it in one document
"""
