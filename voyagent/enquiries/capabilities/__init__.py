"""Capabilities of enquiries for people, programs and the assistant."""

from voyagent.enquiries.capabilities import (
    create_enquiry,
    find_enquiries,
    summarise_enquiry,
    update_enquiry,
)

CAPABILITIES = (
    create_enquiry.CAPABILITY,
    find_enquiries.CAPABILITY,
    summarise_enquiry.CAPABILITY,
    update_enquiry.CAPABILITY,
)
