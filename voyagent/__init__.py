"""Voyagent, the back office of a travel agency.

`routes` lists every address, `catalogue` every capability. A package such as `enquiries` has its
pages in `views`, its JSON API in `api`, its acts in `capabilities`, its rules in `service`, its
reads in `queries` and its tables in `models`. `kernel` and `http` are the foundations.
"""
