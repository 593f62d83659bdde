"""What each template is given: one frozen struct a page, all text already in its language.

A template `pages/NAME.html` gets `page` (its struct), `shell` (what every page has) and the
gettext functions; nothing else. Amounts come formatted; addresses come ready to use.
"""

from __future__ import annotations

from msgspec import Struct

from checkout.model.next_action import Instructions


class Shop(Struct, frozen=True):
    name: str
    url: str | None = None
    email: str | None = None
    logo: str | None = None  # an address of our own
    accent: str = "#0b5fff"
    on_accent: str = "#ffffff"  # the readable text on it, chosen by contrast
    dark_accent: str = "#0b5fff"  # both on a dark page
    on_dark_accent: str = "#ffffff"
    scheme: str = "auto"  # light, dark
    radius: int | None = None  # pixels of the corners; None: our own


class Frame(Struct, frozen=True):
    """What static/js/frame.js tells the shop's page around ours: these origins and no other."""

    origins: tuple[str, ...]
    uid: str
    status: str  # in the outward words; "" tells none
    live: bool = False  # an attempt is under way


class Shell(Struct, frozen=True):
    """What every page has around its content."""

    lang: str
    title: str  # of the tab: tells the state
    shop: Shop | None = None
    dir: str = "ltr"
    framed: bool = False  # inside the shop's frame: the content alone, links by target=_top
    test: bool = False
    charges: bool = True  # False: a card is kept, and no money moves
    languages: tuple[tuple[str, str, str], ...] = ()  # (code, its own name, address)
    frame: Frame | None = None  # whom to tell, where `framed`


class Summary(Struct, frozen=True):
    """What is paid: the order's half of a page."""

    amount: str  # "€19.99"
    description: str
    reference: str | None = None  # the shop's own number for it
    lines: tuple[str, ...] = ()  # the receipt text
    expires_in: int | str | None = None  # seconds, where the time left is shown
    expires_text: str | None = None  # "23 hours", the same without a script


class Notice(Struct, frozen=True):
    """A headline and what to do about it. `tone`: good, bad, wait, info."""

    title: str
    text: str
    tone: str = "info"


class Field(Struct, frozen=True):
    """One input; `error` is a sentence that says what to do."""

    name: str
    label: str
    value: str = ""
    error: str | None = None
    hint: str | None = None
    type: str = "text"
    autocomplete: str = "off"
    inputmode: str | None = None
    maxlength: int | None = None
    required: bool = True
    read_only: bool = False
    options: tuple[tuple[str, str], ...] = ()  # (value, text): a choice
    oldest: int | None = None  # of an expiry date: the first month that is not past, as 202611


class Checkbox(Struct, frozen=True):
    """`link` are the words of its text that lead to `url`, `after` what follows them."""

    name: str
    text: str
    ticked: bool
    hint: str | None = None
    link: str | None = None
    after: str = ""
    url: str | None = None
    missing: str | None = None  # what is said where it must be ticked and isn't
    error: str | None = None


class MethodChoice(Struct, frozen=True):
    name: str  # what the form sends
    label: str
    mark: str  # which icon: card, bank, wallet, coins, cash
    chosen: bool
    card: bool  # shows the card form
    fields: tuple[Field, ...] = ()  # what its gateway asks for
    terms: tuple[Checkbox, ...] = ()


class SavedCard(Struct, frozen=True):
    """The card that the gateway keeps for the shop, before any other. Radio `card`: "saved" or
    "new"; without `other` there is no choice."""

    name: str  # "Visa"
    last_4: str | None
    expiry: str | None  # "08/29"
    mark: str | None  # the brand's drawing
    digits: int | None  # of its security code, where that is known
    chosen: bool
    coded: bool  # the code is asked for
    other: bool


class Asked(Struct, frozen=True):
    """A challenge, within the form. `hidden`: (name, value) of hidden inputs; `fields`: what is
    asked of the customer; `script`: its file's name; `text`: a sentence, and another one for who
    runs no script."""

    hidden: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = ()
    script: str | None = None
    text: str | None = None
    without_script: str | None = None


class Who(Struct, frozen=True):
    """The question to a stranger who may be the customer: which e-mail address the shop has."""

    action: str  # POST .../who
    form_token: str
    field: Field


class PaymentPage(Struct, frozen=True):
    """The page where the customer pays. Method radio `method`; hidden `form_token`; hidden
    browser fields (`browser_fields`: their names) that the script fills."""

    summary: Summary
    action: str  # POST .../pay
    form_token: str
    cancel_action: str  # POST .../cancel
    cancel_token: str  # its form_token
    pay_label: str  # "Pay €19.99", or the shop's own button text
    continue_label: str  # the button of a method without a card
    methods: tuple[MethodChoice, ...]
    card: tuple[Field, ...]  # number, expiry, code, holder; empty when no method takes a card
    customer: tuple[Field, ...]
    browser_fields: tuple[str, ...]
    brands: tuple[str, ...]  # marks shown beside the number
    saved: SavedCard | None = None
    remember: Checkbox | None = None  # the card, for the next time
    agreement: Checkbox | None = None
    by_itself: bool = False  # sent by the script as it is: nothing is left to ask
    errors: tuple[tuple[str, str], ...] = ()  # (field name, sentence): the summary on top
    notice: Notice | None = None  # the last attempt's reason
    new_tab: str | None = None  # its own address, for a frame that can't send a form
    asked: Asked | None = None  # a challenge, where cards are tested
    who: Who | None = None  # to a stranger


class RedirectPage(Struct, frozen=True):
    """Leaves for the bank: a form that submits itself, or a link. `by_itself`: False in a frame
    that must be left by a click; then `target` is _top."""

    summary: Summary
    notice: Notice
    url: str
    method: str | None  # POST or GET for a form, None for a link
    fields: tuple[tuple[str, str], ...]
    by_itself: bool
    target: str | None
    button: str
    leave_action: str  # POST .../cancel: choose another way to pay
    form_token: str


class StatusView(Struct, frozen=True):
    """What htmx polls (`partials/status.html`). `next_check` in seconds; None stops."""

    notice: Notice
    status_url: str
    next_check: float | None
    checked: str  # "Last checked 20:14:05", changes at each look


class WaitPage(Struct, frozen=True):
    """Waiting for the bank, or for a transfer that the customer makes elsewhere."""

    summary: Summary
    status: StatusView
    instructions: Instructions | None
    link_label: str  # of the instructions' link
    qr_svg: str | None  # ready markup, ours
    again_url: str | None  # back to the bank's page, GET .../redirect
    again_label: str
    self_url: str  # for "check again" and the refresh without a script
    refresh: int  # seconds of the refresh without a script
    leave_action: str | None  # POST .../cancel, where another way may be chosen
    form_token: str
    confirm_action: str | None = None  # POST .../confirm: "I have paid"
    confirm_token: str = ""  # its form_token
    elapsed: int = 0  # seconds since the attempt began


class Row(Struct, frozen=True):
    label: str
    value: str
    code: bool = False  # a number to copy


class ResultPage(Struct, frozen=True):
    """The end: paid, declined, cancelled, expired."""

    summary: Summary
    notice: Notice
    rows: tuple[Row, ...]
    receipt_lines: tuple[str, ...]
    receipt_url: str | None  # the gateway's receipt
    order_url: str | None  # our printable one
    back_url: str | None
    back_label: str
    auto_return: int | None  # seconds; 0 at once
    target: str | None  # _top in a frame
    stay: bool = False  # the order names no address to go back to: a frame may just be closed


class OrderPage(Struct, frozen=True):
    """The printable receipt and state, without personal data."""

    summary: Summary
    notice: Notice
    rows: tuple[Row, ...]
    receipt_lines: tuple[str, ...]
    payment_url: str | None  # while it can still be paid


class ErrorPage(Struct, frozen=True):
    """`status`: the HTTP status. `actions`: (text, address)."""

    notice: Notice
    status: int
    actions: tuple[tuple[str, str], ...] = ()


class ProductPage(Struct, frozen=True):
    """What can be bought by one link. `notice`: why it can't be now; then there is no form. The
    form's fields: `amount` where the customer chooses it, `quantity` where there can be several."""

    name: str
    description: str
    price: str | None  # None: the customer chooses
    notice: Notice | None
    action: str  # POST: buys
    form_token: str
    fields: tuple[Field, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()  # (field name, sentence)
    facts: tuple[Row, ...] = ()  # how many are left, until when
    home: str | None = None  # back to the shop
    home_label: str = ""


class InvoiceMail(Struct, frozen=True):
    """A mail with a payment link (`mail/invoice.html`); each text is a single line."""

    lang: str
    dir: str
    subject: str
    remark: str | None  # a sentence above all else
    shop: str
    amount: str
    description: str
    reference: str | None
    url: str
    pay_label: str
    until: str  # a sentence
    email: str | None  # where questions go, else to `home`
    home: str
    accent: str
    on_accent: str
