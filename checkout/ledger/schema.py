"""The tables. Times are seconds since 1970, money is minor units, JSON is text that we encode.

The migrations in `migrations/versions` create them; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA: Final = MetaData()

# Of partial indexes: the migrations make them on PostgreSQL too. To repeat that here would load its
# dialect, 3 MB, in every worker on SQLite.
IS_WAITING: Final = text("due_at IS NOT NULL")
IS_SWEPT: Final = text("sweep_at IS NOT NULL")
NOT_PURGED: Final = text("purged_at IS NULL")
IS_HELD: Final = text("adopt_at IS NOT NULL")

payments: Final = Table(
    "payments",
    METADATA,
    Column("uid", String(36), primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("secret", String(22), nullable=False),
    Column("shop", String(64), nullable=False),
    Column("link", String(64), unique=True),  # digest of the offline link that made it
    Column("status", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("tracking_id", Text),
    Column("terms", Text, nullable=False),  # model.order.Order
    Column("cancelled", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),  # how many were submitted
    Column("told", String(16)),  # the last status that a webhook has told the shop
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("opened_at", Double),  # when it was first opened or paid
    Column("purged_at", Double),  # since when it holds no personal data
    Column("type", String(16)),  # the order's transaction type, for lists
    # Held after a restore: when the gateways are next asked whether it was paid. None: not held.
    Column("adopt_at", Double),
    # For lists: each in their order, by what they are filtered by.
    Index("payments_by_shop", "shop", "created_at", "uid", "currency", "type"),
    Index(
        "payments_by_status",
        "shop",
        "status",
        "created_at",
        "uid",
        "expires_at",
        "cancelled",
    ),
    Index("payments_by_tracking_id", "shop", "tracking_id", "created_at", "uid"),
    Index("payments_by_amount", "shop", "amount", "created_at", "uid"),
    Index("payments_to_expire", "status", "expires_at"),
    Index(
        "payments_to_purge",
        "status",
        "updated_at",
        "uid",
        sqlite_where=NOT_PURGED,
    ),
    Index("payments_to_adopt", "adopt_at", sqlite_where=IS_HELD),
)

# Restores from a backup, and copies that are not in use.
restores: Final = Table(
    "restores",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("since", Double, nullable=False),  # what came after it is lost
    Column("at", Double),  # when it was noticed; None: this is a copy, as `checkout backup` makes
    Column("ended_at", Double),  # a person has said that all is well again
)

# Of a PostgreSQL cluster, whose other timeline shows that it was restored.
lineage: Final = Table(
    "lineage",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("value", String(64), nullable=False),
)

# Customer checks (ledger.customer_checks): tries are limited, right or wrong.
answers: Final = Table(
    "answers",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("payment", String(36), ForeignKey("payments.uid"), nullable=False),
    Column("address_mark", String(32), nullable=False),  # a keyed digest
    Column("at", Double, nullable=False),
    Index("answers_by_payment", "payment", "at"),
    Index("answers_by_address", "address_mark", "at"),
    Index("answers_by_age", "at"),
)

attempts: Final = Table(
    "attempts",
    METADATA,
    Column("payment", String(36), ForeignKey("payments.uid"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("key", String(40), nullable=False, unique=True),  # ours; the tracking id at the gateway
    Column("account", String(64), nullable=False),  # the gateway account, by its settings name
    Column("method", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("gateway_id", Text),
    Column("step", Text),  # model.next_action.NextAction
    Column("reason", String(32)),
    Column("facts", Text, nullable=False),  # model.outcome.GatewayFacts
    Column("customer", Text, nullable=False),  # model.order.Customer, as the customer typed it
    Column("contract", Text, nullable=False),  # a list: model.card_on_file
    Column("language", String(8), nullable=False),
    Column("return_ticket", String(22), nullable=False, unique=True),
    Column("notify_ticket", String(22), nullable=False, unique=True),
    Column("mismatch", Boolean, nullable=False),  # the gateway stated facts that differ from ours
    Column("judged", String(16)),  # how a person resolved it: accepted, refused
    Column("absences", Integer, nullable=False),  # how often the gateway did not know the payment
    Column("queries", Integer, nullable=False),
    Column("next_query_at", Double, nullable=False),  # no query before it
    Column("asked_at", Double),  # the last query
    Column("sweep_at", Double),  # when recovery queries next
    Column("returned_at", Double),
    Column("shop", String(64)),  # the payment's, for its limit; None: made before there was one
    Column("address_mark", String(32)),  # keyed digests, for the limits: of the network, and of the
    Column("bin_mark", String(32)),  # shop with the card's range
    Column("stranger", Boolean),  # submitted by somebody who is not the customer
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    PrimaryKeyConstraint("payment", "number"),
    Index(
        "attempts_to_sweep",
        "account",
        "sweep_at",
        sqlite_where=IS_SWEPT,
    ),
    # For the limits, which count attempts by their time.
    Index("attempts_by_address", "address_mark", "created_at"),
    Index("attempts_by_bin", "bin_mark", "created_at"),
    Index("attempts_by_shop", "shop", "created_at"),
)

events: Final = Table(
    "events",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("payment", String(36), ForeignKey("payments.uid"), nullable=False),
    Column("attempt", Integer),
    Column("at", Double, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("data", Text, nullable=False),
    Index("events_by_payment", "payment", "id"),
)

outbox: Final = Table(
    "outbox",
    METADATA,
    Column("id", String(36), primary_key=True),  # the webhook id, the same at every try
    Column("payment", String(36), ForeignKey("payments.uid"), nullable=False),
    Column("shop", String(64), nullable=False, server_default="-"),
    Column("host", String(255), nullable=False, server_default="-"),  # of the address
    Column("url", Text, nullable=False),  # "": none, written for a listener
    Column("body", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Double),  # None: delivered or given up
    Column("delivered_at", Double),
    Column("answer", String(64)),  # of the last try: an HTTP status, or in words why there is none
    Column("created_at", Double, nullable=False),
    Index("outbox_due", "due_at"),
    *(
        # Only over webhooks that wait: far fewer than all that were delivered.
        Index(name, *columns, "due_at", sqlite_where=IS_WAITING)
        for name, columns in (("outbox_by_shop", ("shop",)), ("outbox_by_lane", ("shop", "host")))
    ),
    Index("outbox_by_payment", "payment"),
    Index("outbox_by_age", "shop", "created_at", "id"),
)

# The shops whose webhooks a developer listens to, and when they last asked for them.
listeners: Final = Table(
    "listeners",
    METADATA,
    Column("shop", String(64), primary_key=True),
    Column("seen_at", Double, nullable=False),
)

# Shops beside those of the settings file (ledger.shops).
shops: Final = Table(
    "shops",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),  # the table of [shops.ID], by `sealer`
    Column("state", String(16), nullable=False),  # active, disabled
    Column("revision", BigInteger, nullable=False, unique=True),  # the number of its last change
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("changed_by", Text, nullable=False),
)

# For the readiness check: whether the ledger can be written.
pulse: Final = Table(
    "pulse",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Double, nullable=False),
)

operations: Final = Table(
    "operations",
    METADATA,
    Column("uid", String(36), primary_key=True),
    Column("payment", String(36), ForeignKey("payments.uid"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("kind", String(16), nullable=False),  # capture, void, refund, chargeback
    Column("by_gateway", Boolean, nullable=False),  # done by the gateway itself
    Column("parent", String(36)),  # the uid that the shop named: the payment's or a capture's
    Column("capture", String(36)),  # the uid of the capture that a refund is on
    Column("key", String(40), nullable=False, unique=True),
    Column("request_id", String(255)),  # the shop's: the same again is the same operation
    Column("amount", BigInteger, nullable=False),
    Column("reason", Text),
    Column("status", String(16), nullable=False),
    Column("gateway_id", Text),
    Column("message", Text),
    Column("facts", Text),  # model.outcome.GatewayFacts, without money and card
    Column("told", String(16)),  # the last final status in a webhook
    Column("absences", Integer, nullable=False),  # how often the gateway did not know the operation
    Column("asked_at", Double),  # the last query
    Column("sweep_at", Double),  # the next one; None: settled, or no longer queried
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("shop", String(64)),  # the payment's, like the currency: for lists
    Column("currency", String(3)),
    UniqueConstraint("payment", "request_id"),
    Index("operations_to_sweep", "sweep_at"),
    Index("operations_by_shop", "shop", "created_at", "uid", "kind", "status", "currency"),
)

# What is known of the cards that gateways keep for a shop. Instead of the token there is its
# digest, which can find a card but not charge it.
cards: Final = Table(
    "cards",
    METADATA,
    Column("shop", String(64), nullable=False),
    Column("digest", String(64), nullable=False),  # of the token
    Column("brand", String(32)),
    Column("last_4", String(4)),
    Column("exp_month", Integer),
    Column("exp_year", Integer),
    Column("updated_at", Double, nullable=False),
    PrimaryKeyConstraint("shop", "digest"),
)

creations: Final = Table(
    "creations",
    METADATA,
    Column("shop", String(64), nullable=False),
    Column("idempotency_key", String(255), nullable=False),
    Column("digest", String(64), nullable=False),  # of the body
    Column("payment", String(36), ForeignKey("payments.uid"), nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("shop", "idempotency_key"),
)

# Recent requests (ledger.recent_requests): a duplicate within half a minute is refused.
recent: Final = Table(
    "recent",
    METADATA,
    Column("shop", String(64), nullable=False),
    Column("mark", String(64), nullable=False),  # a digest of the amount and the card's token
    Column("payment", String(36), ForeignKey("payments.uid"), nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("shop", "mark"),
    Index("recent_by_payment", "payment"),
    Index("recent_by_age", "created_at"),
)

# Which payments visitors opened, by their networks' marks; kept for an hour. No foreign key to
# `payments`: the rows are short-lived.
openings: Final = Table(
    "openings",
    METADATA,
    Column("payment", String(36), primary_key=True),
    Column("address_mark", String(32), nullable=False),
    Column("created_at", Double, nullable=False),
    Index("openings_by_address", "address_mark", "created_at"),
    Index("openings_by_age", "created_at"),
)

products: Final = Table(
    "products",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("shop", String(64), nullable=False),
    Column("given", Text, nullable=False),  # the shop's own fields, which an update changes
    Column("terms", Text, nullable=False),  # model.product.Product, read from them
    Column("active", Boolean, nullable=False),
    Column("expires_at", Double),
    Column("quantity", Integer),  # the whole stock; None: unlimited
    Column("held", Integer, nullable=False),  # by buyers who have not paid yet
    Column("sold", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("products_by_shop", "shop", "created_at"),
)

reservations: Final = Table(
    "reservations",
    METADATA,
    Column("payment", String(36), ForeignKey("payments.uid"), primary_key=True),
    Column("product", String(20), ForeignKey("products.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # held, sold, released
    Column("until", Double),  # when a held one is released; None: not by time
    Column("created_at", Double, nullable=False),
    Index("reservations_by_product", "product"),
    Index("reservations_until", "until"),
)

invoices: Final = Table(
    "invoices",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("shop", String(64), nullable=False),
    Column("link", String(64), nullable=False, unique=True),  # its digest, as in `payments`
    Column("signed", Text, nullable=False),  # the link itself, without our address
    Column("given", Text, nullable=False),  # the shop's own fields
    Column("terms", Text, nullable=False),  # model.order.Order
    Column("tracking_id", Text),
    Column("email", String(254)),
    Column("remind_at", Double),
    Column("idempotency_key", String(255)),
    Column("digest", String(64), nullable=False),  # of the body, beside the key
    Column("cancelled_at", Double),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("purged_at", Double),  # since when it holds no personal data
    UniqueConstraint("shop", "idempotency_key"),
    Index("invoices_by_shop", "shop", "created_at"),
    Index(
        "invoices_to_purge",
        "expires_at",
        "id",
        sqlite_where=NOT_PURGED,
    ),
    Index("invoices_by_tracking_id", "shop", "tracking_id"),
)

mails: Final = Table(
    "mails",
    METADATA,
    Column("id", String(36), primary_key=True),  # stands in its Message-ID, the same at every try
    Column("shop", String(64), nullable=False, server_default="-"),
    Column("kind", String(16), nullable=False),  # model.mail.Kind
    Column("invoice", String(20), ForeignKey("invoices.id")),
    Column("payment", String(36), ForeignKey("payments.uid")),
    Column("about", String(36)),  # a refund's uid; a summary's day, as 2026-11-28
    Column("state", String(16), nullable=False),  # model.mail.Delivery
    Column("tries", Integer, nullable=False),
    Column("due_at", Double),  # None: settled
    Column("sent_at", Double),
    Column("error", Text),  # of the last try
    Column("created_at", Double, nullable=False),
    # Only over mails that wait: far fewer than all that were sent.
    Index("mails_by_shop", "shop", "due_at", sqlite_where=IS_WAITING),
    Index("mails_by_invoice", "invoice"),
    Index("mails_by_payment", "payment"),
)

app_counts: Final = Table(
    "app_counts",
    METADATA,
    Column("mark", String(64), nullable=False),  # of a shop, an address or a webhook
    Column("period", BigInteger, nullable=False),  # which ten minutes since 1970
    Column("number", Integer, nullable=False),  # payments by publishable keys, resends of webhooks
    PrimaryKeyConstraint("mark", "period"),
)

# Who did what. Triggers refuse any change; each row has the hash of the one before.
audit: Final = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("who", Text, nullable=False),
    Column("via", String(16), nullable=False),  # api, cli, gateway, server
    Column("origin", Text, nullable=False),
    Column("act", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("shop", String(64), nullable=False),
    Column("data", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_by_subject", "subject"),
)
