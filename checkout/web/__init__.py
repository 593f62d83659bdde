"""HTTP: the shop's API, the customer's pages, landings, notifications, health.

api            what shops call
openapi        what /schema says of that
operations     captures, voids and refunds, for shops
charges        a saved card charged by the shop's server
pages          the customer's story, page by page
returns        landings from gateways
notifications  gateways that tell us something
health         for the operator
callers        who calls the API
guesses        wrong passwords are slowed down
visit          who is looking at which payment, and which page that is
present        a story in the words and views of the templates
forms          what the customer typed
page_types     which kinds of page there are
reports        what browsers tell that a page's policy stopped
addresses      whose address it is, behind proxies
shares         each caller's own room among the requests under way
load           what is refused when too much is under way
bodies         JSON as JSON, forms as forms
security       headers, the guard of forms, bodies that come in time
render         templates and static files
static         what is joined and hashed
well_known     who hears of weaknesses
widget         the embed script for shops' pages
errors         every failure as a page or as JSON
"""
