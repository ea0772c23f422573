"""What the assistant can do: each tool is a checked input, a permission of the person, and one call
of a service or query.

A tool is carried out at once (reading, or an act that can be taken back), or it is gated: then it
only proposes, and a person decides.
"""
