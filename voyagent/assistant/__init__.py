"""The assistant: turns, planners, models, costs, pages and API."""
