"""Small modules without knowledge of our tables: text, encryption, locks, notifications, attachments, durations."""
