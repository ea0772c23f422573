"""The names of states as words of the catalogue, so that a page can say them in its language; the table beside is in English."""

from __future__ import annotations

from voyagent.kernel.errors import N_

STATE_NAMES = (
    N_("Jammu and Kashmir"),
    N_("Himachal Pradesh"),
    N_("Punjab"),
    N_("Chandigarh"),
    N_("Uttarakhand"),
    N_("Haryana"),
    N_("Delhi"),
    N_("Rajasthan"),
    N_("Uttar Pradesh"),
    N_("Bihar"),
    N_("Sikkim"),
    N_("Arunachal Pradesh"),
    N_("Nagaland"),
    N_("Manipur"),
    N_("Mizoram"),
    N_("Tripura"),
    N_("Meghalaya"),
    N_("Assam"),
    N_("West Bengal"),
    N_("Jharkhand"),
    N_("Odisha"),
    N_("Chhattisgarh"),
    N_("Madhya Pradesh"),
    N_("Gujarat"),
    N_("Dadra and Nagar Haveli and Daman and Diu"),
    N_("Maharashtra"),
    N_("Karnataka"),
    N_("Goa"),
    N_("Lakshadweep"),
    N_("Kerala"),
    N_("Tamil Nadu"),
    N_("Puducherry"),
    N_("Andaman and Nicobar Islands"),
    N_("Telangana"),
    N_("Andhra Pradesh"),
    N_("Ladakh"),
    N_("Outside India"),
    N_("Other territory"),
)
"""Every name that `states.csv` has, for the collector of words."""
