"""Programs that prepare a computer for Voyagent; nothing here runs with it."""
