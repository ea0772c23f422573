"""Voyagent, the back office of a travel agency.

`routes` registers all pages and API operations, `catalogue` lists all capabilities. A package such
as `enquiries` has its pages in `views`, its JSON API in `api`, the actions that it offers in
`capabilities`, its business rules in `service`, its reads in `queries` and its tables in `models`.
`kernel` and `http` are the packages that all others use.
"""
