"""HTTP: the shop's API, the customer's pages, returns from gateways, notifications, health.

pages/               the customer's pages, a module each
api/                 what shops call, a module each with its part of /schema
payment_links        addresses that lead to a payment's page
gateway_return       the customer returns from a bank
gateway_notification what gateways send about a payment
health               for the operator
context              what every handler needs
request, response    reading a request; a response whose bytes are known
bodies               JSON as JSON, forms as forms
page_types           which kinds of page there are
compressed_page      what goes out compressed, without telling secrets by its length
csp_reports          browsers' reports of what a page's policy stopped
challenge            the challenge against card testing; proof_of_work: our own one
challenge_policy     who has to solve it
cors                 which answers pages of other sites may read
language_choice      in which language a page is
poll_schedule        when a page that waits asks again
proxies              the client's address behind proxies
concurrency_limits   how many requests a caller may have under way at once
load_shedding        what is refused when the server is overloaded
request_size         how large a request's head may be
security             headers, the guard of forms, bodies that come in time
render               templates and static files
static               the route of static files
logos                the shops' logos, fetched and served by us
pictures             the route of pictures of what is bought
security_txt         where to report weaknesses
widget               the embed script for shops' pages
mail                 what every mail has
invoice_mail         the mail with a payment link
receipt_mail         the mails about a payment
summary_mail         the mail about a shop's day
receipt_pdf          receipts as PDF; pdf_process draws them, in a process of its own
errors               every failure as a page or as JSON
"""
