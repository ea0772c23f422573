"""Protocols of suppliers and their data classes, without database and HTTP.

`reference` is the agency's name for one change, the same at each attempt. A driver passes it to the
supplier, so that a change is made once, even if the call is repeated after a crash or a time-out.
`supplier_ref` is the supplier's opaque text for a booking, of at most 4 KB. A booking can get a new
`supplier_ref`, and then only the new one is used. A `locator` is the booking number that people
use. Methods raise only `errors.SupplierError`.
"""
