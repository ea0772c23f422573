"""Voyagent, the back office of a travel agency.

`routes` registers all pages and API operations, and `catalogue` lists all capabilities. A package
such as `enquiries` has its pages in `views`, its JSON API in `api`, the acts that it offers in
`capabilities`, its business rules in `service`, its reads in `queries` and its tables in `models`.
`kernel` and `http` have code that the other packages share.
"""
