"""What the shop ordered: the values of `POST /ctp/api/checkouts`, an offline link or a product.

Overpay's names (its "checkout" object), read once and kept unchanged in the ledger.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Raw, Struct

from checkout.model.money import Money

MOST_ATTEMPTS: Final = 10
TOKENIZATION: Final = "tokenization"  # keeps the card for later; no money moves
TRANSACTION_TYPES: Final = ("payment", "authorization", TOKENIZATION, "charge")  # of a page
# What may be of an amount of 0: it only checks or keeps the card (WooCommerce's change of a card).
ZERO_AMOUNT: Final = (TOKENIZATION, "authorization")
MONEY_OUT: Final = ("credit", "payout")  # transaction types whose money goes to the customer
CARD_METHOD: Final = "credit_card"
# A card's 3-D Secure switches; the second has priority.
SECURE: Final = ("skip_three_d_secure_verification", "force_three_d_secure_verification")
# The kinds of methods, on which the texts of the pages depend.
CARD, BANK, WALLET, COINS, CASH = KINDS = ("card", "bank", "wallet", "coins", "cash")
# Who created a payment: the shop's server, a caller with its publishable key, a link that it
# signed, the page of its product.
MAKERS = BY_SHOP, BY_APP, BY_LINK, BY_PRODUCT = ("shop", "app", "link", "product")


class Customer(Struct, frozen=True, omit_defaults=True):
    """The customer, from the shop's or the form's data. `ip` is the client's own address."""

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2
    phone: str | None = None
    birth_date: str | None = None  # YYYY-MM-DD
    external_id: str | None = None
    taxpayer_id: str | None = None
    device_id: str | None = None
    ip: str | None = None


class CustomerFields(Struct, frozen=True, omit_defaults=True):
    """Names of `Customer`: inputs of the page, read-only inputs, not on the page."""

    visible: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class CardFields(Struct, frozen=True, omit_defaults=True):
    """The shop's values in the card form: the name, which `read_only` may fix."""

    holder: str | None = None
    read_only: tuple[str, ...] = ()


class SaveCard(Struct, frozen=True, omit_defaults=True):
    """The checkbox to save the card; its effect: `model.card_on_file`."""

    display: bool | None = None
    customer_contract: bool | None = None
    text: str | None = None
    hint: str | None = None


class Agreement(Struct, frozen=True, omit_defaults=True):
    """Terms that the customer must accept. `text` may have its link's words in [brackets]."""

    ticked: bool = False  # when the page opens
    url: str | None = None
    text: str | None = None


class OrderLine(Struct, frozen=True, omit_defaults=True):
    """One thing that is bought. `amount` in minor units of the order's money, for all `quantity` of
    it; `picture`: an https address of the shop's."""

    name: str
    amount: int
    quantity: int = 1
    picture: str | None = None


class Breakdown(Struct, frozen=True, omit_defaults=True):
    """What the order's amount is made of, in minor units: lines + shipping + surcharge + tax -
    discount; the tax is no summand where it is `tax_included` in them. Without lines they are what
    remains."""

    lines: tuple[OrderLine, ...] = ()
    tax: int | None = None
    tax_included: bool = False
    shipping: int | None = None
    discount: int | None = None
    surcharge: int | None = None
    promo_code: str | None = None  # by which the discount was given

    @property
    def beside(self) -> int:
        """What is added to the lines; less than 0 where more is taken off."""
        tax = 0 if self.tax_included else self.tax or 0
        return tax + (self.shipping or 0) + (self.surcharge or 0) - (self.discount or 0)


class PageSettings(Struct, frozen=True, omit_defaults=True):
    """The shop's `settings`: addresses, language and theme. `auto_return` in seconds."""

    return_url: str | None = None  # where set, success_url and decline_url are ignored
    success_url: str | None = None
    decline_url: str | None = None
    fail_url: str | None = None
    cancel_url: str | None = None
    client_callback_url: str | None = None
    notification_url: str | None = None
    verification_url: str | None = None
    notify_canceled: bool | None = None  # None: as the shop's settings say
    auto_return: int | None = None
    language: str | None = None
    button_text: str | None = None
    button_next_text: str | None = None
    customer_fields: CustomerFields = CustomerFields()
    card_fields: CardFields = CardFields()
    save_card: SaveCard | None = None
    another_card: bool = True  # beside a saved one
    agreement: Agreement | None = None
    auto_pay: bool = False
    accent: str | None = None  # "#rrggbb" in place of the shop's
    radius: int | None = None  # pixels


class Methods(Struct, frozen=True, omit_defaults=True):
    """The methods that the shop allows; `params` are for the gateway, by method."""

    types: tuple[str, ...] = ()
    excluded_types: tuple[str, ...] = ()
    excluded_brands: tuple[str, ...] = ()
    params: dict[str, dict[str, Any]] = {}


class Method(Struct, frozen=True, omit_defaults=True):
    """A payment method that a shop offers, through one of its gateway accounts.

    `params` go to the gateway; `mode` and `brand` are for gateways that need them. `kind`: one of
    `KINDS`, where the method's name doesn't decide it.
    """

    name: str
    gateway: str
    label: str | None = None
    kind: str | None = None
    mode: str | None = None
    brand: str | None = None
    params: dict[str, Any] = {}


class Details(Struct, frozen=True, omit_defaults=True):
    """What the shop adds for the gateway and the bank, checked; the names and nesting are those
    of Overpay's charge request. An adapter sends what its gateway has a field for."""

    duplicate_check: bool | None = None
    three_d_secure: dict[str, Any] = {}  # advanced: bool
    referer: str | None = None
    p2p: dict[str, str] = {}  # service_id, service_extension
    excluded_gateways: tuple[int, ...] = ()
    masterpass: dict[str, Any] = {}  # params: session
    card_on_file: dict[str, str] = {}  # initiator, type
    avs_cvc_verification: dict[str, Any] = {}  # avs_verification, cvc_verification
    meta: dict[str, Any] = {}
    expected_bank_code: str | None = None  # only for test payments
    travel: dict[str, Any] = {}  # airline: legs, passengers, ...


# What the ledger's JSON calls these fields.
STORED: Final = {"page_settings": "ways", "merchant_initiated": "alone", "recurring": "series"}


class Order(Struct, frozen=True, omit_defaults=True, rename=STORED):
    """`expires_at` in seconds since 1970; `attempts`: how many declines end the payment;
    `created_by`: one of `MAKERS`. `public`: in older orders in its place, made with a key that
    anybody may have."""

    money: Money
    description: str
    transaction_type: str
    expires_at: float
    tracking_id: str | None = None
    attempts: int = 1
    test: bool = False
    iframe: bool = False
    descriptor: str | None = None
    receipt_text: tuple[str, ...] = ()
    contract: tuple[str, ...] = ()
    details: Details = Details()
    page_settings: PageSettings = PageSettings()
    customer: Customer = Customer()
    methods: Methods = Methods()
    breakdown: Breakdown = Breakdown()
    created_by: str | None = None
    public: bool = False
    product: str | None = None  # the product, where the payment was made on its page
    quantity: int = 1  # of the product
    echoed: dict[str, Any] = {}  # of the additional data what is the shop's own: only answered
    raw: dict[str, Raw] = {}  # the shop's own objects as JSON, returned unchanged in answers
    merchant_initiated: bool = False  # made by the shop's server: no customer is present
    recurring: bool = False  # of these: by the first payment of its series, else by a card's token
    dropped: dict[str, str] = {}  # of the shop's data: field -> why it was cut or dropped

    @property
    def moves_money(self) -> bool:
        """Whether money is taken or reserved; else the card is only kept or checked."""
        return self.transaction_type != TOKENIZATION and self.money.minor != 0

    @property
    def card_token(self) -> str | None:
        """The token of the saved card that the shop chose."""
        token: str | None = self.methods.params.get(CARD_METHOD, {}).get("token")
        return token or None

    @property
    def auto_pays(self) -> bool:
        """Whether the page pays by itself, where the customer has nothing to fill in."""
        return self.page_settings.auto_pay and self.card_token is not None
