"""The assistant: its turns, planners and models, their costs, and its pages and API."""
