"""Taking out for good: one person, or everything of a Page. What is forgotten no sync brings back."""
