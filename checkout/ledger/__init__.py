"""What must not be lost: payments, attempts, events, the outbox.

Each verb is a plain function over a SQLAlchemy Core `Connection`; a `Ledger` runs it, reads in
line and writes as one transaction each.
"""
