"""Services of the demo agency: `agency` creates it, each other module one kind of data."""
