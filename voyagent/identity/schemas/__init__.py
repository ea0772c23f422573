"""Request and response schemas of identity, used by the JSON API and the HTML forms."""
