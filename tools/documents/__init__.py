"""Makes the tables and figures of the documents.

`python -m tools.documents` (`make docs`) writes them all. The wheel does not
contain this package: it reads `docs/` and `results/` of the checkout.
"""
