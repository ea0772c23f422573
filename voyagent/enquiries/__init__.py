"""What customers ask for: enquiries from the phone call to the conversation that answers them."""
