"""Voyagent, the back office of a travel agency.

Read `routes.py` for every address, then a room (a folder such as `enquiries/`): its doors are
`views` (pages), `api` (JSON) and `tools` (the assistant); its rules are in `service`, its reads in
`queries`, its tables in `models`. `kernel/` and `http/` are what every room stands on.
"""
