"""Moving in: what people bring from elsewhere becomes conversations and messages."""
