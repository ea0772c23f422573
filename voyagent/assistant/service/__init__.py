"""Rules of the assistant: messages, execution of turns, planners and costs."""
