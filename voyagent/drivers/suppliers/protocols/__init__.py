"""Protocols of suppliers and their data classes, without database and HTTP.

`reference` is the agency's name for one change, the same at each attempt. A driver passes
`reference` to the supplier, so that a repeated call does not make the change twice. `supplier_ref`
is the supplier's opaque text for a booking, of at most 4 KB. If a call returns a new `supplier_ref`
for a booking, only the new one is used from then on. A `locator` is the booking number that people
use. Methods raise only `errors.SupplierError`.
"""
