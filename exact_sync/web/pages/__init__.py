"""What a person sees in the browser: the state of the copy, and what can be done about it."""
