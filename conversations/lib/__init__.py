"""Small modules without knowledge of our tables, such as text, encryption, locks and attachments."""
