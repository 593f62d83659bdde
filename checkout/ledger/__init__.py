"""The ledger: the database with payments, attempts, operations, events and webhooks.

Each verb is a plain function over a SQLAlchemy Core `Connection`. A `Ledger` runs it: a read
without waiting, a write as one transaction.
"""
