"""The assistant: planner or model, tools, turns, costs, replay, and its pages and API."""
