"""Request and response schemas of proposals, and values for the pages that review them."""
