"""PCI DSS 6.4.3 and 11.6.1: what our pages run, why, and whether a browser receives exactly that.

purposes   why each script and style is needed
inventory  the scripts, styles and headers of each page type
markup     a page taken apart strictly, and what our templates can write
document   what in a page differs from what it should be
headers    the same for its headers and its policy
browser    fetches as a browser does
verify     all of that for one address
"""
