"""What can be done with enquiries."""

from voyagent.enquiries.capabilities import create_enquiry

CAPABILITIES = (create_enquiry.CAPABILITY,)
