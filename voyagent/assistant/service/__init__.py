"""Turns of the assistant: messages, the loop, planners and costs."""
