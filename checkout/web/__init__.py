"""HTTP: the shop's API, the customer's pages, returns from gateways, notifications, health.

pages/               the customer's pages, a module each
api/                 what shops call, a module each, and what /schema says of it
payment_links        addresses that lead to a payment's page
gateway_return       the customer comes back from a bank
gateway_notification gateways that tell us something
health               for the operator
context              what every handler needs
request, response    what is read of a request; a response that is made already
bodies               JSON as JSON, forms as forms
page_types           which kinds of page there are
csp_reports          what browsers tell that a page's policy stopped
challenge            what is asked where cards are tested; proof_of_work: ours
challenge_policy     who is asked for it
proxies              whose address it is, behind proxies
concurrency_limits   each caller's own room among the requests under way
load_shedding        what is refused when too much is under way
request_size         how large a request's head may be
security             headers, the guard of forms, bodies that come in time
render               templates and static files
static               what is joined and hashed
logos                the shops' logos, fetched and served by us
security_txt         who hears of weaknesses
widget               the embed script for shops' pages
invoice_mail         the mail with a payment link
errors               every failure as a page or as JSON
"""
